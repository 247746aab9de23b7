"""Sequences of any length: checkpoints on the way there, and pooling as the outputs come."""

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
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def gradients(p, x, index, seed, **options):
    rng = np.random.default_rng(seed)
    states = kernels.lstm_forward(x, p.offsets, p.recurrent, index=index, **options)
    d_output = rng.normal(size=states.output.shape).astype(np.float32)
    d_h_n = rng.normal(size=states.h_n.shape).astype(np.float32)
    return states, kernels.lstm_backward(
        *(states, x, p.offsets, p.recurrent),
        index=index,
        d_output=d_output,
        d_h_n=d_h_n,
        initial=True,
        **options,
    )


@relaxed
@given(
    problem=problems,
    interval=st.sampled_from([1, 2, 3, 8, 100]),
    initial=st.booleans(),
    distinct=st.booleans(),
    precision=st.sampled_from(["f32", "bf16"]),
    threads=st.sampled_from([1, 2]),
)
def test_checkpoints_give_the_same_bits(
    isa, problem, interval, initial, distinct, precision, threads
):
    p = problem
    index = p.ids if distinct else None
    x = kernels.project(p.table, p.kernel, p.bias, rows=None if distinct else p.ids)
    options = {"precision": precision, "threads": threads}
    options |= {"h0": p.h0, "c0": p.c0} if initial else {}
    before = _isa._emulate_bf16
    _isa._emulate_bf16 = True
    try:
        whole, expected = gradients(p, x, index, 1, **options)
        states, got = gradients(p, x, index, 1, interval=interval, **options)
    finally:
        _isa._emulate_bf16 = before
    np.testing.assert_array_equal(states.output, whole.output)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_checkpoints_of_many_groups(isa):
    """More sequences than a group holds, some of them much longer."""
    lengths = np.random.default_rng(1).integers(0, 40, 150)
    p = make(lengths, V=30, H=16, D=2)
    x = kernels.project(p.table, p.kernel, p.bias)
    _, expected = gradients(p, x, p.ids, 2)
    _, got = gradients(p, x, p.ids, 2, interval=7)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_kept_is_bounded():
    p = make([10_000, 3], V=30, H=8, D=2)
    x = kernels.project(p.table, p.kernel, p.bias)
    states = kernels.lstm_forward(
        x, p.offsets, p.recurrent, index=p.ids, output=False, interval=500
    )
    assert states.output is None
    assert states.kept.shape == (2, 19, 16)  # a state before step 500, 1,000, ..., 9,500


def test_a_wrong_interval_is_refused():
    p = make([3], H=2, D=1)
    x = kernels.project(p.table, p.kernel, rows=p.ids)
    with pytest.raises(ArgumentError, match="interval must be a whole number from 1, got 0"):
        kernels.lstm_forward(x, p.offsets, p.recurrent, interval=0)
    states = kernels.lstm_forward(x, p.offsets, p.recurrent, interval=1)
    with pytest.raises(ArgumentError, match="trace has the shape"):
        kernels.lstm_backward(states, x, p.offsets, p.recurrent)


@relaxed
@given(problem=problems, pool=st.sampled_from(["mean", "max"]), threads=st.sampled_from([1, 2]))
def test_pooling_as_the_outputs_come(isa, problem, pool, threads):
    p = problem
    x = kernels.project(p.table, p.kernel, p.bias)
    options = {"index": p.ids, "threads": threads}
    lean = kernels.lstm(x, p.offsets, p.recurrent, pool=pool, **options)
    output = kernels.lstm(x, p.offsets, p.recurrent, sequences=True, **options).output
    if pool == "max":
        expected, _ = kernels.max_forward(output, p.offsets)
        np.testing.assert_array_equal(lean.pooled, expected)
    else:
        expected = reference.mean_forward(output.astype(np.float64), p.offsets)
        np.testing.assert_allclose(lean.pooled, expected.reshape(lean.pooled.shape), atol=1e-6)
    assert lean.output is None


def test_pooled_nan_stays_one(isa):
    p = make([4, 3], V=40, H=20, D=2)
    p.ids = np.arange(7, dtype=np.int32)
    p.table[1] = np.nan
    x = kernels.project(p.table, p.kernel, p.bias)
    for pool in ("mean", "max"):
        pooled = kernels.lstm(x, p.offsets, p.recurrent, index=p.ids, pool=pool).pooled
        assert np.isnan(pooled[0]).all() and not np.isnan(pooled[1]).any()


@relaxed
@given(problem=problems, precision=st.sampled_from(["f32", "bf16"]))
def test_packed_weights_give_the_same_bits(isa, problem, precision):
    p = problem
    x = kernels.project(p.table, p.kernel, p.bias)
    options = {"index": p.ids, "precision": precision}
    packed = kernels.Recurrent(p.recurrent)
    for _ in range(2):
        np.testing.assert_array_equal(
            kernels.lstm(x, p.offsets, packed, **options).h_n,
            kernels.lstm(x, p.offsets, p.recurrent, **options).h_n,
        )


def test_memory_is_kept_and_given_back(rng):
    kernels.trim_memory()
    x = rng.normal(size=(3000, 200)).astype(np.float32)
    kernel = rng.normal(size=(200, 100)).astype(np.float32)
    first = kernels.project(x, kernel)
    expected = first.copy()
    address = first.ctypes.data
    part = first[10:20]  # a view keeps the memory of the whole
    del first
    again = kernels.project(x, kernel)
    assert again.ctypes.data != address
    np.testing.assert_array_equal(part, expected[10:20])
    del part
    third = kernels.project(x, kernel)
    assert third.ctypes.data == address
    np.testing.assert_array_equal(third, expected)
    del again, third
    assert kernels.trim_memory() >= 2 * expected.nbytes
    assert kernels.trim_memory() == 0
