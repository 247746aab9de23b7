"""Every kernel, in every tier, has the values of the plain NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import lengths, make, problems

from bothways import kernels
from bothways.kernels import reference

relaxed = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def close(actual, expected, tolerance=1e-5):
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@relaxed
@given(ids=st.lists(st.integers(0, 9), max_size=40))
def test_unique(ids):
    ids = np.array(ids, np.int32)
    got, expected = kernels.unique(ids, 10), reference.unique(ids, 10)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@relaxed
@given(problem=problems)
def test_project_and_its_gradients(isa, problem):
    p, exact = problem, problem.astype(np.float64)
    tokens = kernels.unique(p.ids, len(p.table))
    rows = tokens.distinct
    got = kernels.project(p.table, p.kernel, p.bias, rows=rows)
    close(got, reference.project(exact.table, exact.kernel, exact.bias, rows))
    close(kernels.project(p.table, p.kernel), reference.project(exact.table, exact.kernel), 1e-5)
    close(kernels.gather(p.table, p.ids), p.table[p.ids], 0)
    d_out = np.cos(np.arange(got.size, dtype=np.float32)).reshape(got.shape)
    close(
        kernels.project_backward_input(d_out, p.kernel),
        reference.project_backward_input(d_out.astype(np.float64), exact.kernel),
    )
    d_kernel, d_bias = kernels.project_backward_kernel(p.table, d_out, rows=rows)
    expected = reference.project_backward_kernel(exact.table, d_out.astype(np.float64), rows)
    close(d_kernel, expected[0])
    close(d_bias, expected[1])


@relaxed
@given(problem=problems, G=st.sampled_from([1, 16, 31, 70]))
def test_sum_by_token(isa, problem, G):
    tokens = kernels.unique(problem.ids, len(problem.table))
    x = np.sin(np.arange(len(problem.ids) * G, dtype=np.float32)).reshape(-1, G)
    close(kernels.sum_by_token(x, tokens), reference.sum_by_token(x.astype(np.float64), tokens))


@relaxed
@given(problem=problems, initial=st.booleans(), reverse=st.booleans(), seed=st.integers(0, 99))
def test_lstm_forward_and_backward(isa, problem, initial, reverse, seed):
    p, exact = problem, problem.astype(np.float64)
    D = len(p.recurrent)
    reverse = reverse and D == 1
    tokens = kernels.unique(p.ids, len(p.table))
    projected = kernels.project(p.table, p.kernel, p.bias, rows=tokens.distinct)
    given_states = {"h0": p.h0, "c0": p.c0} if initial else {}
    exact_states = {"h0": exact.h0, "c0": exact.c0} if initial else {}
    states = kernels.lstm_forward(
        projected, p.offsets, p.recurrent, index=tokens.inverse, reverse=reverse, **given_states
    )
    truth = reference.lstm_forward(
        projected.astype(np.float64),
        p.offsets,
        exact.recurrent,
        index=tokens.inverse,
        reverse=reverse,
        **exact_states,
    )
    for a, b in zip(states[:3], truth[:3], strict=True):
        close(a, b)
    H = p.recurrent.shape[1]
    kept = np.split(states.kept, [4 * H, 5 * H], axis=2)  # the same rows in another order
    for a, b in zip(kept, (truth.gates, truth.cells, truth.output), strict=True):
        for d, rows in enumerate(np.split(b, D, axis=1)):
            close(np.sort(a[d], axis=0), np.sort(rows, axis=0))

    rng = np.random.default_rng(seed)
    gradients = {
        "d_output": rng.normal(size=states.output.shape),
        "d_h_n": rng.normal(size=states.h_n.shape),
        "d_c_n": rng.normal(size=states.h_n.shape),
    }
    some = {k: v for k, v in gradients.items() if rng.random() < 0.7}
    got = kernels.lstm_backward(
        *(states, projected[tokens.inverse], p.offsets, p.recurrent),
        reverse=reverse,
        initial=initial,
        **{k: v.astype(np.float32) for k, v in some.items()},
        **given_states,
    )
    expected = reference.lstm_backward(
        truth, p.offsets, exact.recurrent, reverse=reverse, **some, **exact_states
    )
    for a, b in zip(got[: 4 if initial else 2], expected, strict=False):
        close(a, b, 5e-5)
    # The same with the gradients of tokens that read the same row added up.
    summed, *rest = kernels.lstm_backward(
        *(states, projected, p.offsets, p.recurrent),
        index=tokens.inverse,
        reverse=reverse,
        initial=initial,
        **{k: v.astype(np.float32) for k, v in some.items()},
        **given_states,
    )
    close(summed, reference.sum_by_token(expected[0], tokens), 5e-5)
    for a, b in zip(rest[: 3 if initial else 1], expected[1:], strict=False):
        close(a, b, 5e-5)


def test_reference_gradient_is_the_slope(rng):
    """The oracle itself, against finite differences in float64."""
    p = make([3, 0, 1, 4], H=3, D=2, seed=5).astype(np.float64)
    weights = [rng.normal(size=s) for s in [(8, 6), (2, 4, 3), (2, 4, 3)]]

    def loss(x, recurrent, h0, c0):
        s = reference.lstm_forward(x, p.offsets, recurrent, h0=h0, c0=c0)
        return sum((w * v).sum() for w, v in zip(weights, s[:3], strict=True))

    x = rng.normal(size=(8, 24))
    arguments = [x, p.recurrent, p.h0, p.c0]
    states = reference.lstm_forward(x, p.offsets, p.recurrent, h0=p.h0, c0=p.c0)
    d = dict(zip(["d_output", "d_h_n", "d_c_n"], weights, strict=True))
    got = reference.lstm_backward(states, p.offsets, p.recurrent, h0=p.h0, c0=p.c0, **d)
    for which, gradient in enumerate(got):
        direction = rng.normal(size=gradient.shape)
        moved = []
        for sign in (1, -1):
            shifted = list(arguments)
            shifted[which] = shifted[which] + sign * 1e-6 * direction
            moved.append(loss(*shifted))
        slope = (moved[0] - moved[1]) / 2e-6
        assert slope == pytest.approx((gradient * direction).sum(), rel=1e-6)


@relaxed
@given(lengths=lengths(), F=st.sampled_from([1, 4, 19]), seed=st.integers(0, 99))
def test_pooling(lengths, F, seed):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    N, T = len(lengths), int(offsets[-1])
    x = rng.integers(-3, 4, (T, F)).astype(np.float32)  # many ties
    d = rng.normal(size=(N, F)).astype(np.float32)
    for name in ("mean", "last"):
        expected = getattr(reference, f"{name}_forward")(x, offsets).reshape(N, F)
        close(getattr(kernels, f"{name}_forward")(x, offsets), expected, 1e-6)
        got = getattr(kernels, f"{name}_backward")(d, offsets)
        close(got, getattr(reference, f"{name}_backward")(d, offsets), 1e-6)
    got, where = kernels.max_forward(x, offsets)
    expected, expected_where = reference.max_forward(x, offsets)
    close(got, expected, 0)
    np.testing.assert_array_equal(where, expected_where)
    close(kernels.max_backward(d, where, T), reference.max_backward(d, where, T), 0)


ulps = {"sigmoid": 4, "tanh": 6}


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_declared_bounds(isa, name):
    """The bounds that csrc/math-inl.h declares."""
    x = np.concatenate([np.linspace(-87, 87, 400_001), np.geomspace(1e-30, 1, 100_001)])
    x = np.concatenate([x, -x]).astype(np.float32)
    exact = {"sigmoid": reference.sigmoid, "tanh": np.tanh}[name](x.astype(np.float64))
    got = getattr(kernels, name)(x).astype(np.float64)
    error = np.abs(got - exact) / np.spacing(np.abs(exact).astype(np.float32))
    assert error.max() <= ulps[name]
    assert np.isnan(getattr(kernels, name)(np.array([np.nan], np.float32)))[0]


def test_extremes(isa):
    x = np.array([-np.inf, -1e38, -100, 100, 1e38, np.inf], np.float32)
    np.testing.assert_allclose(kernels.sigmoid(x), [0, 0, 0, 1, 1, 1], atol=1.7e-38)
    np.testing.assert_array_equal(kernels.tanh(x), [-1, -1, -1, 1, 1, 1])


@relaxed
@given(N=st.integers(0, 5), C=st.integers(1, 40), seed=st.integers(0, 99))
def test_softmax(isa, N, C, seed):
    x = (np.random.default_rng(seed).normal(size=(N, C)) * 20).astype(np.float32)
    close(kernels.softmax(x), reference.softmax(x.astype(np.float64)), 1e-6)
