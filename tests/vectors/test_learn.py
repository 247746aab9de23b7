"""Vectors learned from texts: who is like whom, and what must hold for any text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from bothways import Ragged, TextClassifier
from bothways.training import preset
from bothways.vectors import learn_vectors

# Words 2 and 3 stand in the same places, 4 and 5 in others; 2 and 4 are of one kind of text,
# 3 and 5 of the other.
FILLERS = range(8, 20)


def corpus(rng, texts=400):
    """Texts in which 2 or 3 follows 6, and 4 or 5 follows 7."""
    made = []
    for n in range(texts):
        a, b = (2, 4) if n % 2 else (3, 5)
        filler = rng.choice(FILLERS, 4).tolist()
        made.append([6, a, *filler, 7, b] if rng.random() < 0.5 else [7, b, *filler, 6, a])
    return Ragged.from_list(made)


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def test_near_words_and_texts_say_what_is_alike(rng):
    rows = learn_vectors(corpus(rng), 20, 12).rows
    near, of_texts = rows[:, :6], rows[:, 6:]
    assert cosine(near[2], near[3]) > cosine(near[2], near[4]) + 0.3
    assert cosine(of_texts[2], of_texts[4]) > cosine(of_texts[2], of_texts[3]) + 0.3


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(rng):
    ids = corpus(rng)
    before = ids.values.copy(), ids.offsets.copy()
    first = learn_vectors(ids, 20, 9, seed=4)
    with threadpool_limits(1):
        again = learn_vectors(ids, 20, 9, seed=4)
    assert np.array_equal(first.rows, again.rows)
    assert np.array_equal(ids.values, before[0]) and np.array_equal(ids.offsets, before[1])


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=6),
    st.integers(1, 12),
)
def test_any_text(texts, dim):
    rows, found, composed = learn_vectors(Ragged.from_list(texts), 10, dim)
    assert rows.shape == (10, dim) and rows.dtype == np.float32 and composed == 0
    assert np.isfinite(rows).all()
    there = {word for text in texts for word in text} - {0, 1}
    assert set(np.flatnonzero(found)) == there
    assert not rows[~found].any()
    for part in (rows[:, : (dim + 1) // 2], rows[:, (dim + 1) // 2 :]):
        if part[found].any():
            assert np.square(part[found]).mean() == pytest.approx(0.01, rel=1e-4)


def test_a_recipe_begins_with_them(monkeypatch):
    given = []

    def learn(ids, vocabulary_size, dim, *, seed):
        given.append((len(ids), vocabulary_size, dim, seed))
        return learn_vectors(ids, vocabulary_size, dim, seed=seed)

    monkeypatch.setattr("bothways.estimators._vectors.learn_vectors", learn)
    assert preset("fast").word_vectors == "learned"
    texts = ["good film", "bad film", "good", "bad"] * 8
    TextClassifier(epochs=1, validation=None, random_state=3).fit(texts, ["+", "-"] * 16)
    assert given == [(32, 5, 64, 3)]
