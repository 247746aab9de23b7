"""Every token has its place in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways import TextVectorizer
from bothways.text import places

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.text("aB ,.\u00c9\u0130\u00a0\x1c")


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("split", ["whitespace", "character"])
@pytest.mark.parametrize("standardize", ["lower_and_strip_punctuation", "lower", None])
@given(text=TEXTS)
def test_each_token_comes_from_its_place(text, unicode, split, standardize):
    vectorizer = TextVectorizer(
        split=split, standardize=standardize, unicode=unicode, vocabulary=["a"]
    )
    tokens, found = vectorizer.tokens(text), places(vectorizer, text)
    assert len(found) == len(tokens)
    assert found == sorted(found)
    for token, (start, stop) in zip(tokens, found, strict=True):
        # A sigma is lowered in another way at the end of a word.
        assert token.replace("ς", "σ") in [
            t.replace("ς", "σ") for t in vectorizer.tokens(text[start:stop])
        ]


def test_stripped_punctuation_belongs_to_its_word():
    text = "Well -- a re-make, no?"
    vectorizer = TextVectorizer(vocabulary=["a"])
    found = [text[start:stop] for start, stop in places(vectorizer, text)]
    assert found == ["Well", "a", "re-make,", "no?"]
    assert vectorizer.tokens(text) == ["well", "a", "remake", "no"]
