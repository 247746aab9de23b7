"""Adam and AdamW on rows: a dense optimizer's weights, whatever rows are used and when."""

from __future__ import annotations

import numpy as np
import pytest
from dense_adam import DenseAdam

from bothways.errors import ArgumentError
from bothways.optim import Adam, AdamW, RowGradient


def cosine(step):
    return 2e-3 * (1 + np.cos(step / 40))


def one_cycle(step):
    return 1e-2 * min(step / 100, 1) * 0.995**step


def used_rows(rng, V, steps):
    """Row 0 in most steps, others ever more rarely, the last never."""
    often = 1 / (1 + 3.0 * np.arange(V))
    often[-1] = 0
    return [np.flatnonzero(rng.random(V) < often).astype(np.int32) for _ in range(steps)]


def spread(gradient, rows, V):
    full = np.zeros((V, gradient.shape[1]), np.float32)
    full[rows] = gradient
    return full


@pytest.mark.parametrize("rate", [cosine, one_cycle])
@pytest.mark.parametrize("weight_decay", [0.0, 4e-3, 5.0])
@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-6, 1e-8])
def test_rows_follow_the_dense_optimizer(rng, rate, weight_decay, size):
    """After each step the rows in use, and in the end all, are as near to float64 as the dense
    optimizer in float32: its error, and a rounding of the weights where it has none."""
    V, width, steps = 40, 6, 600
    start = rng.normal(size=(V, width)).astype(np.float32)
    truth = DenseAdam(start.astype(float), weight_decay=weight_decay)
    single = DenseAdam(start, weight_decay=weight_decay)
    table = start.copy()
    optimizer = AdamW({"table": table}, weight_decay=weight_decay)
    worst, worst_single = 0.0, 0.0
    for step, rows in enumerate(used_rows(rng, V, steps), 1):
        optimizer.ready("table", rows)
        if len(rows):
            worst = max(worst, np.abs(table[rows] - truth.w[rows]).max())
            worst_single = max(worst_single, np.abs(single.w[rows] - truth.w[rows]).max())
        gradient = (rng.normal(size=(len(rows), width)) * size).astype(np.float32)
        optimizer.step({"table": RowGradient(rows, gradient)}, rate=rate(step))
        truth.step(spread(gradient, rows, V), rate(step))
        single.step(spread(gradient, rows, V), rate(step))
    optimizer.settle()
    worst = max(worst, np.abs(table - truth.w).max())
    worst_single = max(worst_single, np.abs(single.w - truth.w).max())
    assert worst <= 2 * worst_single
    state = optimizer.states["table"]
    np.testing.assert_allclose(state["first"], truth.m, rtol=1e-4, atol=1e-6 * size)
    np.testing.assert_allclose(state["second"], truth.v, rtol=1e-5, atol=1e-30)
    assert (state["seen"] == steps).all()


@pytest.mark.parametrize("unseen", [1, 2, 30, 700, 1023, 1024, 1025, 2000])
@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_a_row_unseen_for_long(rng, unseen, weight_decay):
    """Across the end of the history, where the whole table is brought up to date."""
    start = rng.normal(size=(2, 8)).astype(np.float32)
    truth = DenseAdam(start.astype(float), weight_decay=weight_decay)
    table = start.copy()
    optimizer = AdamW({"table": table}, weight_decay=weight_decay)
    both, other = np.array([0, 1], np.int32), np.array([1], np.int32)
    for step in range(1, unseen + 5):
        rows = both if step <= 4 else other
        gradient = rng.normal(size=(len(rows), 8)).astype(np.float32)
        optimizer.ready("table", rows)
        optimizer.step({"table": RowGradient(rows, gradient)}, rate=cosine(step))
        full = np.zeros((2, 8), np.float32)
        full[rows] = gradient
        truth.step(full, cosine(step))
    optimizer.ready("table", both)
    np.testing.assert_allclose(table[0], truth.w[0], rtol=5e-7, atol=1e-8)


def test_dense_gradients_have_the_bits_of_the_dense_optimizer(rng):
    start = rng.normal(size=(3, 5, 2)).astype(np.float32)
    dense, array = DenseAdam(start, weight_decay=0.1), start.copy()
    optimizer = AdamW({"kernel": array}, weight_decay=0.1)
    for step in range(1, 20):
        gradient = rng.normal(size=start.shape).astype(np.float32)
        optimizer.step({"kernel": gradient}, rate=cosine(step))
        dense.step(gradient, cosine(step))
        np.testing.assert_array_equal(array, dense.w)


def test_dense_and_row_gradients_of_one_table(rng):
    """Dense ones first, then rows, then dense ones again."""
    start = rng.normal(size=(6, 4)).astype(np.float32)
    truth, table = DenseAdam(start.astype(float)), start.copy()
    optimizer = Adam({"table": table})
    for step in range(1, 25):
        rows = np.array([step % 5], np.int32)
        if 8 < step < 17:
            gradient = np.ones((1, 4), np.float32)
            optimizer.ready("table", rows)
            optimizer.step({"table": RowGradient(rows, gradient)}, rate=1e-2)
            truth.step(spread(gradient, rows, 6), 1e-2)
        else:
            gradient = rng.normal(size=(6, 4)).astype(np.float32)
            optimizer.settle()
            optimizer.step({"table": gradient}, rate=1e-2)
            truth.step(gradient, 1e-2)
    np.testing.assert_allclose(table, truth.w, rtol=1e-6, atol=1e-7)


def test_settling_changes_nothing_but_roundings(rng):
    start = rng.normal(size=(9, 4)).astype(np.float32)
    tables = start.copy(), start.copy()
    often, once = Adam({"table": tables[0]}), Adam({"table": tables[1]})
    for rows in used_rows(rng, 9, 50):
        gradient = rng.normal(size=(len(rows), 4)).astype(np.float32)
        for optimizer in (often, once):
            optimizer.ready("table", rows)
            optimizer.step({"table": RowGradient(rows, gradient)}, rate=1e-2)
        often.settle()
    once.settle()
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-6, atol=1e-7)
    before = tables[1].copy()
    once.settle()
    np.testing.assert_array_equal(tables[1], before)


def test_bits_do_not_depend_on_the_run_or_the_threads(rng, isa):
    start = rng.normal(size=(300, 700)).astype(np.float32)
    plan = [rng.permutation(300)[: rng.integers(1, 300)].astype(np.int32) for _ in range(12)]

    def run(threads):
        noise, table = np.random.default_rng(3), start.copy()
        optimizer = AdamW({"table": table})
        for rows in plan:
            optimizer.ready("table", rows, threads=threads)
            gradient = noise.normal(size=(len(rows), 700)).astype(np.float32)
            optimizer.step({"table": RowGradient(rows, gradient)}, rate=1e-2, threads=threads)
        optimizer.settle(threads=threads)
        return table

    first = run(1)
    for threads in (1, 2, 4):
        np.testing.assert_array_equal(run(threads), first)


def test_a_row_must_be_ready_for_its_gradient():
    """Its forward pass read weights that a dense optimizer would have moved."""
    table = np.ones((4, 2), np.float32)
    optimizer = Adam({"table": table})
    gradient = np.ones((1, 2), np.float32)
    optimizer.step({"table": RowGradient(np.array([1], np.int32), gradient)}, rate=1e-2)
    before = table.copy()
    with pytest.raises(ArgumentError, match="row 2 stands at step 0: ready brings it"):
        optimizer.step({"table": RowGradient(np.array([2], np.int32), gradient)}, rate=1e-2)
    np.testing.assert_array_equal(table, before)
    assert optimizer.steps == 1
    optimizer.ready("table", np.array([2], np.int32))
    optimizer.step({"table": RowGradient(np.array([2], np.int32), gradient)}, rate=1e-2)
    assert optimizer.steps == 2


@pytest.mark.parametrize(
    "options",
    [{"beta_1": 1.0}, {"beta_2": -0.1}, {"epsilon": 0}, {"epsilon": 1e-60}, {"weight_decay": -1}],
)
def test_wrong_settings(options):
    with pytest.raises(ArgumentError, match="got beta_1="):
        AdamW({"w": np.ones(1, np.float32)}, **options)


def test_betas_that_rows_cannot_follow():
    """Dense gradients can."""
    table = np.ones((2, 2), np.float32)
    optimizer = Adam({"table": table}, beta_1=0.9, beta_2=0.95)
    optimizer.step({"table": np.ones((2, 2), np.float32)}, rate=1e-3)
    rows = RowGradient(np.array([0], np.int32), np.ones((1, 2), np.float32))
    with pytest.raises(ArgumentError, match=r"at most 0.2 of 1 - beta_1, .*beta_2=0.95"):
        optimizer.step({"table": rows}, rate=1e-3)
    Adam({"table": table}, beta_1=0.9, beta_2=0.98).step({"table": rows}, rate=1e-3)


def test_decay_of_more_than_all_is_refused():
    table = np.ones((2, 2), np.float32)
    optimizer = AdamW({"table": table}, weight_decay=4)
    with pytest.raises(ArgumentError, match=r"got 0.5 \* 4"):
        optimizer.step({"table": np.ones((2, 2), np.float32)}, rate=0.5)
    assert (table == 1).all() and optimizer.steps == 0
