"""What must hold of the engine whatever the numbers are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import make, problems

from bothways import Ragged, kernels
from bothways.errors import ArgumentError
from bothways.kernels import reference

relaxed = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def run(p, ids=None, offsets=None, h0=None, c0=None, **options):
    ids = p.ids if ids is None else ids
    offsets = p.offsets if offsets is None else offsets
    tokens = kernels.unique(ids, len(p.table))
    projected = kernels.project(p.table, p.kernel, p.bias, rows=tokens.distinct)
    return kernels.lstm_forward(
        projected, offsets, p.recurrent, index=tokens.inverse, h0=h0, c0=c0, **options
    )


def same_bits(a, b):
    np.testing.assert_array_equal(a.view(np.int32), b.view(np.int32))


@relaxed
@given(problem=problems, threads=st.sampled_from([1, 2, 3]))
def test_a_batch_is_its_sequences_one_by_one(isa, problem, threads):
    p, batch = problem, Ragged(problem.ids, problem.offsets)
    together = run(p, h0=p.h0, c0=p.c0, threads=threads)
    for n in range(len(batch)):
        h0, c0 = p.h0[:, [n]], p.c0[:, [n]]
        alone = run(p, batch[n], np.array([0, len(batch[n])]), h0, c0, threads=1)
        tokens = slice(p.offsets[n], p.offsets[n + 1])
        same_bits(together.output[tokens], alone.output)
        same_bits(together.h_n[:, [n]], alone.h_n)
        same_bits(together.c_n[:, [n]], alone.c_n)


@relaxed
@given(problem=problems, seed=st.integers(0, 99))
def test_permuting_sequences_permutes_states(isa, problem, seed):
    p, batch = problem, Ragged(problem.ids, problem.offsets)
    order = np.random.default_rng(seed).permutation(len(batch))
    moved = batch.take(order)
    h0, c0 = p.h0[:, order], p.c0[:, order]
    got = run(p, moved.values, moved.offsets, h0, c0)
    same_bits(got.h_n, run(p, h0=p.h0, c0=p.c0).h_n[:, order])


@relaxed
@given(problem=problems)
def test_backward_direction_is_the_flip_of_forward_on_flipped_input(isa, problem):
    p = problem
    D, H, _ = p.recurrent.shape
    one = make(np.diff(p.offsets), V=len(p.table), I=p.table.shape[1], H=H, D=1)
    one.ids = p.ids
    flip = np.concatenate(
        [np.arange(s, e)[::-1] for s, e in pairwise(p.offsets)] or [np.zeros(0, int)]
    ).astype(int)
    backward = run(one, reverse=True)
    forward = run(one, ids=p.ids[flip])
    same_bits(backward.output[flip], forward.output)
    same_bits(backward.h_n, forward.h_n)
    # Both directions in one call are the two directions called by themselves.
    if D == 2:
        both = run(p)
        G = 4 * H
        for d in range(2):
            single = make([], H=H, D=1)
            single.ids, single.offsets, single.table = p.ids, p.offsets, p.table
            single.kernel = np.ascontiguousarray(p.kernel[:, d * G : (d + 1) * G])
            single.bias = p.bias[d * G : (d + 1) * G].copy()
            single.recurrent = p.recurrent[[d]]
            same_bits(both.h_n[[d]], run(single, reverse=d == 1).h_n)


@relaxed
@given(problem=problems)
def test_projecting_distinct_tokens_is_projecting_all(isa, problem):
    p = problem
    tokens = kernels.unique(p.ids, len(p.table))
    every = kernels.project(p.table, p.kernel, p.bias, rows=p.ids)
    same_bits(
        every, kernels.project(p.table, p.kernel, p.bias, rows=tokens.distinct)[tokens.inverse]
    )
    a, b = run(p), kernels.lstm_forward(every, p.offsets, p.recurrent)
    same_bits(a.output, b.output)
    # and so are the gradients of the kernel and of the embedding
    d_gates, *_ = kernels.lstm_backward(a, every, p.offsets, p.recurrent, d_output=a.output)
    distinct = kernels.project(p.table, p.kernel, p.bias, rows=tokens.distinct)
    summed, *_ = kernels.lstm_backward(
        *(a, distinct, p.offsets, p.recurrent), index=tokens.inverse, d_output=a.output
    )
    np.testing.assert_allclose(summed, kernels.sum_by_token(d_gates, tokens), rtol=1e-4, atol=1e-5)
    d_kernel, d_bias = kernels.project_backward_kernel(p.table, summed, rows=tokens.distinct)
    d_kernel_all, d_bias_all = kernels.project_backward_kernel(p.table, d_gates, rows=p.ids)
    np.testing.assert_allclose(d_kernel, d_kernel_all, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(d_bias, d_bias_all, rtol=1e-4, atol=1e-5)
    d_rows = kernels.project_backward_input(summed, p.kernel)
    d_rows_all = kernels.project_backward_input(d_gates, p.kernel)
    np.testing.assert_allclose(
        d_rows, kernels.sum_by_token(d_rows_all, tokens), rtol=1e-4, atol=1e-5
    )


@relaxed
@given(problem=problems)
def test_inference_keeps_no_gates_and_gives_the_same_bits(isa, problem):
    p = problem
    projected = kernels.project(p.table, p.kernel, p.bias)  # the whole vocabulary, once
    full, lean = run(p), kernels.lstm(projected, p.offsets, p.recurrent, index=p.ids)
    assert lean.kept is None and lean.output is None
    same_bits(full.h_n, lean.h_n)
    same_bits(full.c_n, lean.c_n)
    outputs = kernels.lstm(projected, p.offsets, p.recurrent, index=p.ids, sequences=True)
    same_bits(full.output, outputs.output)


@relaxed
@given(problem=problems, threads=st.sampled_from([2, 3, 8]))
def test_threads_never_change_a_bit(isa, problem, threads):
    p = problem
    states = run(p)
    tokens = kernels.unique(p.ids, len(p.table))
    every = kernels.project(p.table, p.kernel, p.bias, rows=p.ids)
    distinct = kernels.project(p.table, p.kernel, p.bias, rows=tokens.distinct)
    results = []
    for count in (1, threads):
        again = run(p, threads=count)
        results.append((*again[:4], *kernels.lstm_backward(
            again, every, p.offsets, p.recurrent, d_output=states.output, d_h_n=states.h_n,
            initial=True, threads=count,
        )))  # fmt: skip
        summed, d_recurrent, *_ = kernels.lstm_backward(
            *(again, distinct, p.offsets, p.recurrent),
            index=tokens.inverse,
            d_h_n=again.c_n,
            threads=count,
        )
        again_summed = kernels.sum_by_token(results[-1][4], tokens, threads=count)
        results[-1] += (summed, d_recurrent, again_summed)
        results[-1] += kernels.project_backward_kernel(
            p.table, summed, rows=tokens.distinct, threads=count
        )
    for a, b in zip(*results, strict=True):
        same_bits(a, b)


@relaxed
@given(problem=problems, cut=st.integers(0, 9))
def test_a_sequence_in_two_parts_with_the_state_passed_on(isa, problem, cut):
    p = make([9], H=problem.recurrent.shape[1], D=1, seed=3)
    whole = run(p)
    first = run(p, p.ids[:cut], np.array([0, cut]))
    second = run(p, p.ids[cut:], np.array([0, 9 - cut]), first.h_n, first.c_n)
    same_bits(second.h_n, whole.h_n)
    same_bits(np.concatenate([first.output, second.output]), whole.output)


def test_a_nan_stays_in_its_sequence(isa):
    p = make([4, 3, 5, 0, 2], V=40, H=20, D=2)
    p.ids = np.arange(14, dtype=np.int32)
    clean = run(p)
    p.table[5] = np.nan  # a token of sequence 1 alone
    dirty = run(p)
    for n in (0, 2, 3, 4):
        same_bits(clean.h_n[:, n], dirty.h_n[:, n])
    assert np.isnan(dirty.h_n[:, 1]).all()


@pytest.mark.parametrize(
    "offsets, reason",
    [
        ([0, 2, 1, 3], "fall"),
        ([1, 3], "start at 0"),
        ([0, 2], "end at"),
        ([0, 9], "end at"),
        ([0, -1, 3], "fall"),
        ([], "shape"),
    ],
)
def test_offsets_that_lie_are_refused(offsets, reason):
    p = make([3], H=2, D=1)
    projected = kernels.project(p.table, p.kernel, rows=p.ids)
    with pytest.raises(ArgumentError, match=reason):
        kernels.lstm_forward(projected, np.array(offsets, np.int64), p.recurrent)


def test_wrong_arguments_are_refused_before_native_code_runs():
    p = make([3], H=2, D=1)
    x = kernels.project(p.table, p.kernel, rows=p.ids)
    with pytest.raises(ArgumentError, match="float32"):
        kernels.lstm(x.astype(np.float64), p.offsets, p.recurrent)
    with pytest.raises(ArgumentError, match="recurrent has the shape"):
        kernels.lstm(x, p.offsets, p.recurrent[:, :, :5])
    with pytest.raises(ArgumentError, match="projected has the shape"):
        kernels.lstm(x[:, :4], p.offsets, p.recurrent)
    with pytest.raises(ArgumentError, match="h0 has the shape"):
        kernels.lstm(x, p.offsets, p.recurrent, h0=np.zeros((1, 2, 2), np.float32))
    state = np.zeros((1, 1, 2), np.float32)
    with pytest.raises(ArgumentError, match="h0 and c0 are given together"):
        kernels.lstm(x, p.offsets, p.recurrent, h0=state)
    with pytest.raises(ArgumentError, match="holds 9 at place 1: ids go from 0 to 6"):
        kernels.gather(p.table, [0, 9])
    with pytest.raises(ArgumentError, match="holds -1"):
        kernels.lstm(x, p.offsets, p.recurrent, index=[0, -1, 0])
    with pytest.raises(ArgumentError, match="one direction, or two"):
        kernels.lstm(x, p.offsets, np.zeros((3, 2, 8), np.float32))


def test_strided_input_is_read_right_and_left_alone(rng):
    p = make([3, 2], H=4, D=1)
    wide = rng.normal(size=(5, 32)).astype(np.float32)
    before = wide.copy()
    strided = wide[:, ::2]
    same_bits(
        kernels.lstm(strided, p.offsets, p.recurrent).h_n,
        kernels.lstm(strided.copy(), p.offsets, p.recurrent).h_n,
    )
    same_bits(wide, before)


def test_isa_is_forced_or_refused():
    with pytest.raises(ArgumentError, match="no instruction tier 'sse9'"):
        kernels.set_isa("sse9")
    if "amx" not in kernels.available_isas():
        with pytest.raises(ArgumentError, match="'amx' was asked for, but here"):
            kernels.set_isa("amx")


def test_large_batches_repeat_too(isa):
    """More than 32 sequences: the backward pass sums over several groups."""
    lengths = np.random.default_rng(1).integers(0, 12, 150)
    p = make(lengths, V=30, H=16, D=2)
    states = run(p)
    table = kernels.project(p.table, p.kernel, p.bias)
    results = [
        kernels.lstm_backward(
            *(states, table, p.offsets, p.recurrent),
            index=p.ids,
            d_h_n=states.h_n,
            threads=threads,
        )
        for threads in (1, 2, 5)
    ]
    for other in results[1:]:
        for a, b in zip(results[0][:2], other[:2], strict=True):
            same_bits(a, b)
    exact = p.astype(np.float64)
    projected = exact.table @ exact.kernel + exact.bias
    truth = reference.lstm_forward(projected, p.offsets, exact.recurrent, index=p.ids)
    d_gates, d_recurrent, *_ = reference.lstm_backward(
        truth, p.offsets, exact.recurrent, d_h_n=truth.h_n
    )
    summed = np.zeros((30, d_gates.shape[1]))
    np.add.at(summed, p.ids, d_gates)
    np.testing.assert_allclose(results[0][0], summed, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(results[0][1], d_recurrent, rtol=1e-4, atol=1e-5)
