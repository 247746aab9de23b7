"""Words that are counted piece by piece are those of all texts at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.text import TextVectorizer
from text import plain

PIECES = st.lists(st.lists(plain.TEXT, max_size=4), max_size=4)


@settings(deadline=None)
@given(PIECES, plain.RULES, st.none() | st.integers(2, 9), st.none() | st.integers(1, 5))
def test_pieces_are_counted_as_all_at_once(pieces, rules, size, length):
    vectorizer = TextVectorizer(size, output_sequence_length=length, **rules)
    counter, texts = vectorizer.counter(), [text for piece in pieces for text in piece]
    cut = [counter.add(piece) for piece in pieces]
    vectorizer.adapt(texts)
    assert counter.most_frequent(size) == vectorizer.get_vocabulary()[2:]
    _, whole = vectorizer.encode(texts)
    assert sum(c.cut_tokens for c in cut) == whole.cut_tokens
    assert sum(c.cut_texts for c in cut) == whole.cut_texts
    assert sum(c.tokens for c in cut) == whole.tokens


@settings(deadline=None)
@given(st.lists(plain.TEXT, max_size=6), plain.RULES)
def test_the_arrays_hold_every_word_and_its_count(texts, rules):
    vectorizer = TextVectorizer(**rules)
    counter = vectorizer.counter()
    counter.add(texts)
    utf8, offsets, counts = counter.arrays()
    words = [bytes(utf8[a:b]).decode() for a, b in pairwise(offsets)]
    tokens = [token for text in texts for token in vectorizer.tokens(text)]
    assert dict(zip(words, counts.tolist(), strict=True)) == {w: tokens.count(w) for w in tokens}
    assert len(words) == len(counter) == len(set(words))
