"""RMSprop on rows has the bits of the dense one; and what all optimizers refuse."""

from __future__ import annotations

import numpy as np
import pytest

from bothways.errors import ArgumentError
from bothways.kernels import reference
from bothways.optim import Adam, RMSprop, RowGradient

SETTINGS = {"decay": 0.9, "epsilon": 1e-7}


def test_rows_equal_dense_bit_for_bit(rng):
    """Dense gradients first, then rows; the rate changes."""
    start = rng.normal(size=(8, 5)).astype(np.float32)
    dense, moment, table = start.copy(), np.zeros_like(start), start.copy()
    optimizer = RMSprop({"table": table})
    for step in range(30):
        rows = np.flatnonzero(rng.random(8) < 0.4).astype(np.int32)
        full = np.zeros_like(start)
        full[rows] = rng.normal(size=(len(rows), 5))
        gradient = full if step < 5 else RowGradient(rows, full[rows])
        rate = 0.01 / (step + 1)
        optimizer.ready("table", rows)
        optimizer.step({"table": gradient}, rate=rate)
        reference.rmsprop_dense(dense, moment, full, rate=rate, **SETTINGS)
        np.testing.assert_array_equal(table, dense)
    optimizer.settle()
    np.testing.assert_array_equal(optimizer.states["table"]["moment"], moment)


@pytest.mark.parametrize("make", [RMSprop, Adam])
def test_a_parameter_without_gradient_stays_as_it_is(make):
    """And begins with its first one as any other does."""
    arrays = [np.ones((2, 3), np.float32) for _ in range(2)]
    optimizer = make({"a": arrays[0], "b": arrays[1]})
    gradient = np.full((2, 3), 0.5, np.float32)
    for name in "abab":
        before = arrays["ba".index(name)].copy()
        optimizer.step({name: gradient}, rate=0.1)
        np.testing.assert_array_equal(arrays["ba".index(name)], before)
    np.testing.assert_array_equal(*arrays)
    assert (arrays[0] < 1).all() and optimizer.steps == 4


@pytest.mark.parametrize("options", [{"rho": 1.0}, {"epsilon": -1}])
def test_wrong_settings(options):
    with pytest.raises(ArgumentError, match="got epsilon="):
        RMSprop({"w": np.ones(1, np.float32)}, **options)


@pytest.mark.parametrize("make", [RMSprop, Adam])
def test_what_every_optimizer_refuses(make):
    table = np.ones((4, 2), np.float32)
    with pytest.raises(ArgumentError, match="table is float64"):
        make({"table": table.astype(float)})
    with pytest.raises(ArgumentError, match="table is float32, not contiguous"):
        make({"table": table.T})
    optimizer = make({"table": table})
    rows = np.array([1], np.int32)
    with pytest.raises(ArgumentError, match="a gradient of 'tabel' and no parameter"):
        optimizer.step({"tabel": table}, rate=0.1)
    with pytest.raises(ArgumentError, match="no parameter 'tabel'"):
        optimizer.ready("tabel", rows)
    with pytest.raises(ArgumentError, match=r"shape \(2, 4\) and needs \(4, 2\)"):
        optimizer.step({"table": np.ones((2, 4), np.float32)}, rate=0.1)
    with pytest.raises(ArgumentError, match=r"shape \(2, 2\) and needs \(1, 2\)"):
        optimizer.step({"table": RowGradient(rows, np.ones((2, 2), np.float32))}, rate=0.1)
    with pytest.raises(ArgumentError, match="rows holds 4 at place 0"):
        optimizer.step({"table": RowGradient(rows + 3, np.ones((1, 2), np.float32))}, rate=0.1)
    for rate in (-0.1, np.nan, np.inf):
        with pytest.raises(ArgumentError, match="a learning rate is a finite number"):
            optimizer.step({"table": table}, rate=rate)
    assert (table == 1).all() and optimizer.steps == 0
