"""Products of operands rounded to bfloat16, in every tier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import make, problems

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.kernels import _isa, reference

relaxed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def bf16(monkeypatch, isa):
    """The tier computes in bf16, with or without instructions for it."""
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    return isa


def test_rounding_of_the_reference():
    step = 2.0**-7
    x = np.array([1, 1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, -3e38, 1e-40, np.inf, np.nan])
    got = reference.round_bf16(x.astype(np.float32))
    np.testing.assert_array_equal(got[:4], np.float32([1, 1, 1 + 2 * step, 1 + step]))
    assert got[6] == np.inf and np.isnan(got[7])
    assert abs(got[4] / -3e38 - 1) < 2**-8


@relaxed
@given(problem=problems)
def test_project_and_its_gradients(bf16, problem):
    """Nothing but the rounding of the factors: the sums are float32."""
    p, exact = problem, problem.astype(np.float64)
    options = {"rows": p.ids, "precision": "bf16"}
    got = kernels.project(p.table, p.kernel, p.bias, **options)
    expected = reference.project(exact.table, exact.kernel, exact.bias, **options)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)
    d = np.cos(np.arange(got.size, dtype=np.float32)).reshape(got.shape)
    np.testing.assert_allclose(
        kernels.project_backward_input(d, p.kernel, precision="bf16"),
        reference.project_backward_input(d.astype(np.float64), exact.kernel, precision="bf16"),
        *(1e-5, 1e-5),
    )
    got = kernels.project_backward_kernel(p.table, d, **options)
    expected = reference.project_backward_kernel(exact.table, d.astype(np.float64), **options)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-5)


def gradients(module, p, precision, initial):
    """Output, states and gradients of one batch, by the kernels or the reference."""
    dtype = p.recurrent.dtype
    x = module.project(p.table, p.kernel, p.bias, rows=p.ids)
    options = {"precision": precision} | ({"h0": p.h0, "c0": p.c0} if initial else {})
    states = module.lstm_forward(x, p.offsets, p.recurrent, **options)
    d = np.sin(np.arange(states.output.size)).reshape(states.output.shape).astype(dtype)
    first = (states, x) if module is kernels else (states,)
    if module is kernels:
        options["initial"] = initial
    got = module.lstm_backward(*first, p.offsets, p.recurrent, d_output=d, **options)
    return [*states[:3], *got[: 4 if initial else 2]]


@pytest.mark.parametrize("H", [1, 7, 16, 33, 64, 130])
@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("initial", [False, True])
def test_recurrence(bf16, H, D, initial):
    """A sum may round to the next bfloat16 where float64 does not, so the distance to the
    reference in bf16 is not nothing; but it is small beside what bf16 does to the result."""
    p = make([0, 5, 1, 9, 3, 0, 12, 1, 7], H=H, D=D, I=5, seed=H, scale=0.8 / H**0.5)
    got = gradients(kernels, p, "bf16", initial)
    same = gradients(reference, p.astype(np.float64), "bf16", initial)
    exact = gradients(reference, p.astype(np.float64), "f32", initial)
    for a, b, c in zip(got, same, exact, strict=True):
        scale = np.abs(c).max()
        np.testing.assert_allclose(a, b, rtol=0, atol=5e-3 * scale)
        assert np.abs(a - b).mean() <= 0.2 * np.abs(c - b).mean() + 1e-6 * scale


@relaxed
@given(problem=problems, threads=st.sampled_from([1, 2, 3]))
def test_a_batch_is_its_sequences_one_by_one(bf16, problem, threads):
    p = problem
    x = kernels.project(p.table, p.kernel, p.bias, rows=p.ids, precision="bf16")
    together = kernels.lstm(
        x, p.offsets, p.recurrent, sequences=True, precision="bf16", threads=threads
    )
    for n in range(len(p.offsets) - 1):
        rows = slice(p.offsets[n], p.offsets[n + 1])
        ids = p.ids[rows]
        alone = kernels.lstm(
            kernels.project(p.table, p.kernel, p.bias, rows=ids, precision="bf16"),
            *(np.array([0, len(ids)]), p.recurrent),
            sequences=True,
            precision="bf16",
            threads=1,
        )
        np.testing.assert_array_equal(together.output[rows], alone.output)
        np.testing.assert_array_equal(together.h_n[:, [n]], alone.h_n)


def test_a_nan_stays_one(bf16):
    p = make([4, 3], V=40, H=20, D=2)
    p.ids = np.arange(7, dtype=np.int32)
    p.table[5] = np.nan
    x = kernels.project(p.table, p.kernel, p.bias, precision="bf16")
    assert np.isnan(x[5]).all() and not np.isnan(x[[0, 1, 2, 3, 4, 6]]).any()
    h_n = kernels.lstm(x, p.offsets, p.recurrent, index=p.ids, precision="bf16").h_n
    assert np.isnan(h_n[:, 1]).all() and not np.isnan(h_n[:, 0]).any()


def test_without_instructions_for_it_f32_is_used(isa):
    p = make([3, 2], H=8, D=2)
    x = kernels.project(p.table, p.kernel, p.bias, rows=p.ids)
    rounded = kernels.project(p.table, p.kernel, p.bias, rows=p.ids, precision="bf16")
    same = np.array_equal(x, rounded)
    assert same == (kernels.precision_used("bf16") == "f32")
    assert kernels.precision_used("f32") == "f32"


def test_another_precision_is_refused():
    p = make([3], H=2, D=1)
    with pytest.raises(ArgumentError, match="precision must be 'f32' or 'bf16', got 'fp8'"):
        kernels.project(p.table, p.kernel, precision="fp8")
