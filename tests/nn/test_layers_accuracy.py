"""Results and gradients are as near to the truth as torch's own, in every tier."""

from __future__ import annotations

import pytest
import torch
from close import (
    RESULTS,
    assert_as_good_as_torch,
    assert_nearly_as_good_as_torch,
    make_case,
    run_bothways,
    run_torch,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REALISTIC = [60, 0, 17, 1, 43, 60, 8, 29]


def batches(**sizes):
    return [make_case(REALISTIC, I=24, H=32, seed=seed, **sizes) for seed in range(3)]


@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("V", [None, 50], ids=["steps", "ids"])
def test_realistic_batches(isa, D, V):
    assert_as_good_as_torch(batches(D=D, V=V))


@pytest.mark.parametrize("scale", [0.01, 3.0], ids=["nearly linear", "saturated"])
def test_weights_far_from_usual(isa, scale):
    assert_as_good_as_torch(batches(scale=scale))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lengths=st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 7]), max_size=9),
    I=st.sampled_from([1, 3, 17]),
    H=st.sampled_from([1, 2, 7, 16, 33]),
    D=st.sampled_from([1, 2]),
    V=st.sampled_from([None, 1, 4, 30]),
    seed=st.integers(0, 2**16),
)
def test_small_and_odd_batches(isa, lengths, I, H, D, V, seed):  # noqa: E741
    assert_nearly_as_good_as_torch(make_case(lengths, I=I, H=H, D=D, V=V, seed=seed))


def test_the_measure_can_fail():
    """A layer with one wrong gate would be caught: the truth moves by far more than allowed."""
    case = make_case(REALISTIC, I=24, H=32)
    truth, ours = run_torch(case, torch.float64), run_bothways(case)
    swapped = make_case(REALISTIC, I=24, H=32)
    swapped.bias = swapped.bias.roll(32)
    wrong = run_bothways(swapped)
    for name in truth:
        assert (ours[name] - truth[name]).abs().max() < 1e-3
        assert (wrong[name] - truth[name]).abs().max() > 1e-2, name
    assert set(RESULTS) < set(truth)
