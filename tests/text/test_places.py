"""Every token has its place in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways import TextVectorizer
from bothways.text import places

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.text(
    "aB ,.'\u2019\u2014\u00c9\u0130\u03a3\u00a0\x1c"
)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("split", ["whitespace", "character"])
@pytest.mark.parametrize(
    "standardize",
    ["lower_and_strip_punctuation", "lower_and_split_at_punctuation", "lower", None],
)
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


def test_a_word_ends_at_punctuation_and_keeps_its_apostrophes():
    text = "'Well'\u2014a re-make,\u00a0isn\u2019t it?<br />'' 5\u20ac"
    vectorizer = TextVectorizer(
        standardize="lower_and_split_at_punctuation", unicode=True, vocabulary=["a"]
    )
    found = [text[start:stop] for start, stop in places(vectorizer, text)]
    assert found == ["'Well'", "a", "re", "make", "isn\u2019t", "it", "br", "5\u20ac"]
    assert vectorizer.tokens(text) == ["well", "a", "re", "make", "isnt", "it", "br", "5\u20ac"]


@pytest.mark.parametrize("unicode", [True, False])
@given(text=TEXTS)
def test_what_stands_alone_is_what_it_is_in_its_text(text, unicode):
    """No exception for the sigma: words part before they are lowered."""
    vectorizer = TextVectorizer(
        standardize="lower_and_split_at_punctuation", unicode=unicode, vocabulary=["a"]
    )
    alone = [text[start:stop] for start, stop in places(vectorizer, text)]
    assert [token for word in alone for token in vectorizer.tokens(word)] == vectorizer.tokens(text)
