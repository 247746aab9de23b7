"""Where an embedding begins with given rows."""

import numpy as np
import pytest

from bothways.artifact import NetworkSpec
from bothways.training import initial_tensors, new_learner, preset
from bothways.training._initial import place_vectors
from bothways.vectors import Vectors

SPEC = NetworkSpec(16, 4, True, "concat", "max", 1)


@pytest.fixture
def vectors(rng):
    found = np.zeros(500, bool)
    found[[2, 3, 7, 400]] = True
    rows = np.zeros((500, 16), np.float32)
    rows[found] = rng.normal(scale=0.7, size=(4, 16))
    return Vectors(rows, found)


def test_given_rows_are_as_given_and_the_others_as_drawn_but_as_wide(vectors, rng):
    table = initial_tensors(SPEC, 500, rng)["embedding.weight"]
    drawn = table.copy()
    place_vectors(table, vectors)
    assert np.array_equal(table[vectors.found], vectors.rows[vectors.found])
    rest = table[~vectors.found]
    ratio = rest / drawn[~vectors.found]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
    assert rest.std() == pytest.approx(vectors.rows[vectors.found].std(), rel=0.02)


def test_rows_without_spread_leave_the_others_alone(vectors, rng):
    table = initial_tensors(SPEC, 500, rng)["embedding.weight"]
    drawn = table.copy()
    place_vectors(table, Vectors(np.zeros_like(vectors.rows), vectors.found))
    assert np.array_equal(table[~vectors.found], drawn[~vectors.found])
    assert not table[vectors.found].any()


def test_the_learner_begins_with_them_and_nothing_else_differs(vectors):
    recipe = preset("classic")
    with new_learner(SPEC, 500, recipe, seed=3) as plain:
        before = {name: tensor.copy() for name, tensor in plain.tensors().items()}
    with new_learner(SPEC, 500, recipe, seed=3, vectors=vectors) as learner:
        after = learner.tensors()
    table = before.pop("embedding.weight")
    place_vectors(table, vectors)
    assert np.array_equal(after["embedding.weight"], table)
    for name, tensor in before.items():
        assert np.array_equal(after[name], tensor)
