"""The row-sparse RMSprop is the dense one, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import kernels
from bothways.kernels import reference

SETTINGS = {"rate": 1e-3, "decay": 0.9, "epsilon": 1e-7}


@pytest.mark.parametrize("width", [1, 16, 21])
def test_equal_to_dense_in_every_bit(isa, rng, width):
    V = 9
    weight = rng.normal(size=(V, width)).astype(np.float32)
    moment, seen = np.zeros_like(weight), np.zeros(V, np.int64)
    dense_weight, dense_moment = weight.copy(), moment.copy()
    for step in range(1, 60):
        rows = np.flatnonzero(rng.random(V) < 0.3).astype(np.int32)
        gradient = rng.normal(size=(len(rows), width)).astype(np.float32)
        full = np.zeros_like(weight)
        full[rows] = gradient
        reference.rmsprop_dense(dense_weight, dense_moment, full, **SETTINGS)
        kernels.rmsprop_rows(weight, moment, seen, rows, gradient, step=step, **SETTINGS)
        np.testing.assert_array_equal(weight, dense_weight)
        np.testing.assert_array_equal(moment[rows], dense_moment[rows])
    every = np.arange(V, dtype=np.int32)
    kernels.rmsprop_rows(weight, moment, seen, every, None, step=59, **SETTINGS)
    np.testing.assert_array_equal(moment, dense_moment)
    assert (seen == 59).all()


def test_a_row_unseen_for_long_ends_where_the_dense_one_does(isa):
    """The decay passes through the subnormal numbers to where it no longer moves."""
    weight, moment = np.ones((1, 16), np.float32), np.full((1, 16), 1e-3, np.float32)
    dense = moment.copy()
    for _ in range(2000):
        dense *= np.float32(0.9)
    seen, rows = np.zeros(1, np.int64), np.zeros(1, np.int32)
    kernels.rmsprop_rows(weight, moment, seen, rows, None, step=2000, **SETTINGS)
    np.testing.assert_array_equal(moment, dense)


def test_reference_rows_is_the_dense_one_too(rng):
    weight = rng.normal(size=(5, 3)).astype(np.float32)
    moment, seen = np.zeros_like(weight), np.zeros(5, int)
    dense_weight, dense_moment = weight.copy(), moment.copy()
    for step in range(1, 20):
        rows = np.flatnonzero(rng.random(5) < 0.5)
        gradient = rng.normal(size=(len(rows), 3)).astype(np.float32)
        full = np.zeros_like(weight)
        full[rows] = gradient
        reference.rmsprop_dense(dense_weight, dense_moment, full, **SETTINGS)
        reference.rmsprop_rows(weight, moment, seen, rows, gradient, step=step, **SETTINGS)
    np.testing.assert_array_equal(weight, dense_weight)
