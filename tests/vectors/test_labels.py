"""What labels say of words: worked out by hand, and what must hold for any texts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways import Ragged, TextClassifier
from bothways.training import preset
from bothways.vectors import SPREAD, Vectors, tell_labels

IDS = Ragged.from_list([[2, 3, 3], [2], [4, 3], [1, 0]])


def blank(V, dim, found):
    return Vectors(np.ones((V, dim), np.float32), np.isin(np.arange(V), found))


def test_one_feature_of_two_labels_by_hand():
    vectors = blank(5, 8, [2, 3, 4])
    rows = tell_labels(vectors, IDS, np.array([1, 1, 0, 0])).rows
    # Each word is counted once a text, and in 10 texts more of either side.
    inside = np.array([10, 10, 12, 11, 10]) / 53
    outside = np.array([11, 11, 10, 11, 11]) / 54
    told = np.log(inside / outside)[2:]
    told *= 5 * SPREAD / np.sqrt(np.square(told).mean())
    np.testing.assert_allclose(rows[2:, -1], told, rtol=1e-4)
    assert (rows[:, :-1] == 1).all() and not rows[:2, -1].any()
    assert (vectors.rows == 1).all()


def test_a_feature_for_each_of_more_labels_and_of_several_a_text():
    vectors = blank(5, 16, [2, 3, 4])
    one = tell_labels(vectors, IDS, np.array([0, 1, 2, 2])).rows
    told = one[:, -3:]
    assert (one[:, :-3] == 1).all() and told[2:].all()
    assert np.square(told[2:]).sum(axis=1).mean() == pytest.approx(25 * SPREAD**2, rel=1e-5)
    several = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], bool)
    np.testing.assert_array_equal(tell_labels(vectors, IDS, several).rows, one)
    assert tell_labels(vectors, IDS, np.array([0, 1, 2, 4])) is vectors  # 5 of 16 are too many


@given(st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=6), st.integers(1, 20), st.data())
def test_any_texts(texts, dim, data):
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(texts))), np.int64)
    ids, labels = Ragged.from_list(texts), labels[: len(texts)]
    found = [w for w in range(2, 10) if any(w in text for text in texts)]
    rows, same, _ = tell_labels(blank(10, dim, found), ids, labels)
    assert rows.dtype == np.float32 and np.isfinite(rows).all() and same.sum() == len(found)


def test_a_recipe_that_learns_its_vectors_begins_with_them(monkeypatch):
    given = []

    def tell(vectors, ids, labels):
        given.append((len(ids), labels.tolist()))
        return tell_labels(vectors, ids, labels)

    monkeypatch.setattr("bothways.estimators._vectors.tell_labels", tell)
    texts, labels = ["good film", "bad film", "good", "bad"] * 8, ["+", "-"] * 16
    one = TextClassifier(epochs=1, validation=None)
    one.fit(texts, labels, unlabeled=["a film", "another"])
    assert given == [(32, [0, 1] * 16)]
    for other in ("random", "unsupervised"):
        recipe = replace(preset("fast"), word_vectors=other)
        TextClassifier(preset=recipe, epochs=1, validation=None).fit(texts, labels)
    assert len(given) == 1
