"""The kernels of Adam have the bits of the reference in every tier, at any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.kernels import reference

STEP = {"rate": 3e-3, "fade": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


def tables(rng, V, I):  # noqa: E741
    """Weight, first and second moment, and the step 7 for each row."""
    arrays = [rng.normal(size=(V, I)).astype(np.float32) for _ in range(3)]
    return [*arrays[:2], np.abs(arrays[2]) * np.float32(1e-12), np.full(V, 7)]


def factors(K, seed=1):
    """Something in each of the six columns."""
    return np.random.default_rng(seed).random((K, 6)).astype(np.float32)


@pytest.mark.parametrize("width", [1, 16, 21])
def test_a_step_has_the_bits_of_the_reference(isa, rng, width):
    ours = tables(rng, 9, width)
    plain = [array.copy() for array in ours]
    rows = np.array([7, 0, 3])
    gradient = rng.normal(size=(3, width)).astype(np.float32)
    kernels.adam_rows(*ours, rows, gradient, step=8, **STEP)
    reference.adam_rows(*plain, rows, gradient, step=8, **STEP)
    for mine, his in zip(ours, plain, strict=True):
        np.testing.assert_array_equal(mine, his)
    np.testing.assert_array_equal(ours[3], [8, 7, 7, 8, 7, 7, 7, 8, 7])


@pytest.mark.parametrize("width", [1, 16, 21])
def test_catching_up_has_the_bits_of_the_reference(isa, rng, width):
    ours = tables(rng, 9, width)
    ours[3][:] = [2, 3, 4, 5, 6, 7, 6, 5, 4]
    plain = [array.copy() for array in ours]
    rows = np.array([8, 0, 5, 3])  # row 5 is there already
    kernels.adam_catch_up(*ours, rows, factors(5), step=7, epsilon=1e-7)
    reference.adam_catch_up(*plain, rows, factors(5), step=7, epsilon=1e-7)
    for mine, his in zip(ours, plain, strict=True):
        np.testing.assert_array_equal(mine, his)
    np.testing.assert_array_equal(ours[3], [7, 3, 4, 7, 6, 7, 6, 5, 7])


def test_threads_change_nothing(isa, rng):
    """Rows enough for several tasks."""
    V, I = 300, 1000  # noqa: E741
    rows = rng.permutation(V)[:250]
    gradient = rng.normal(size=(250, I)).astype(np.float32)
    results = []
    start = tables(rng, V, I)
    for threads in (1, 2, 5):
        arrays = [array.copy() for array in start]
        kernels.adam_rows(*arrays, rows, gradient, step=8, threads=threads, **STEP)
        arrays[3][:] = 8
        arrays[3][::3] = 7
        kernels.adam_catch_up(*arrays, rows, factors(3), step=9, epsilon=1e-7, threads=threads)
        results.append(arrays)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_gradient_that_overflows_stays_in_its_place(isa, rng):
    """The square is infinite, so the weight stays where it is, later too, as a dense step's."""
    arrays = tables(rng, 3, 20)
    gradient = np.ones((1, 20), np.float32)
    gradient[0, 5] = 1e30
    before = arrays[0].copy()
    kernels.adam_rows(*arrays, [1], gradient, step=8, **(STEP | {"fade": 0}))
    missed = np.array([[0, 0.9, 0.999, 1e-2, 0.99, 1e-5]], np.float32)
    kernels.adam_catch_up(*arrays, [1], missed, step=9, epsilon=1e-7)
    assert arrays[0][1, 5] == before[1, 5]
    assert np.isfinite(arrays[0]).all()
    assert (arrays[0][1, 6:] != before[1, 6:]).all()
    np.testing.assert_array_equal(arrays[0][[0, 2]], before[[0, 2]])


def test_no_rows(isa, rng):
    arrays = tables(rng, 3, 4)
    before = [array.copy() for array in arrays]
    none = np.zeros(0, np.int32)
    kernels.adam_rows(*arrays, none, np.zeros((0, 4), np.float32), step=8, **STEP)
    kernels.adam_catch_up(*arrays, none, factors(0), step=7, epsilon=1e-7)
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_what_is_refused(rng):
    weight, first, second, seen = tables(rng, 3, 4)
    gradient = np.ones((1, 4), np.float32)

    def step(weight=weight, first=first, seen=seen, rows=(0,), gradient=gradient, number=8):
        kernels.adam_rows(weight, first, second, seen, rows, gradient, step=number, **STEP)

    def catch_up(missed, number=9):
        kernels.adam_catch_up(weight, first, second, seen, [2], missed, step=number, epsilon=1e-7)

    with pytest.raises(ArgumentError, match="rows holds 3 at place 0: ids go from 0 to 2"):
        step(rows=[3])
    with pytest.raises(ArgumentError, match=r"row 0 stands at step 7: .* last step ended, step 8"):
        step(number=9)
    with pytest.raises(ArgumentError, match=r"gradient has the shape \(1, 3\) and needs \(1, 4\)"):
        step(gradient=gradient[:, :3])
    with pytest.raises(ArgumentError, match=r"first has the shape \(2, 4\)"):
        step(first=first[:2])
    with pytest.raises(ArgumentError, match=r"weight is updated in place .* got float64"):
        step(weight=weight.astype(float))
    with pytest.raises(ArgumentError, match=r"weight is updated in place .* not contiguous"):
        step(weight=np.zeros((3, 8), np.float32)[:, ::2])
    with pytest.raises(ArgumentError, match=r"seen is updated in place .* got float32"):
        step(seen=seen.astype(np.float32))
    with pytest.raises(ArgumentError, match="row 2 stands at step 7: missed goes back 1 steps"):
        catch_up(factors(1))
    with pytest.raises(ArgumentError, match="row 2 stands at step 7"):
        catch_up(factors(1), number=6)
    with pytest.raises(ArgumentError, match=r"missed has the shape \(2, 5\)"):
        catch_up(factors(2)[:, :5])
    assert (seen == 7).all()
