"""Two directions, the ways to merge them, and states handed in and on."""

from __future__ import annotations

import pytest
import torch
from close import OneDirection, assert_same_bits, layer_for, make_case
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, States

LENGTHS = [4, 0, 1, 7, 1, 3]
few = settings(max_examples=30, deadline=None)
drawn_lengths = st.lists(st.sampled_from([0, 0, 1, 1, 2, 5]), min_size=1, max_size=8)


def case_and_batch(lengths=LENGTHS, **sizes):
    case = make_case(lengths, **sizes)
    return case, RaggedTensor(case.x if case.ids is None else case.ids, case.offsets)


def flip(batch):
    """Each sequence from its end."""
    parts = batch.values.split(batch.lengths.tolist())
    return RaggedTensor(torch.cat([p.flip(0) for p in parts]), batch.offsets)


def one_direction(both, d):
    """Direction `d` of a `Bidirectional` as a layer of its own."""
    G = 4 * both.hidden_size
    layer = OneDirection(both.input_size, both.hidden_size)
    with torch.no_grad():
        layer.kernel.copy_(both.kernel[:, d * G : (d + 1) * G])
        layer.bias.copy_(both.bias[d * G : (d + 1) * G])
        layer.recurrent_kernel.copy_(both.recurrent_kernel[d : d + 1])
    return layer


MERGES = {
    "concat": lambda a, b: torch.cat([a, b], dim=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
def test_merges(isa, merge, V):
    case, batch = case_and_batch(V=V)
    pair = layer_for(case, merge=None)
    merged = layer_for(case, merge=merge)
    (forward, backward), states = pair(batch)
    assert isinstance(forward, RaggedTensor) and isinstance(backward, RaggedTensor)
    assert not torch.equal(forward.values, backward.values)
    output, same_states = merged(batch)
    assert_same_bits(output.values, MERGES[merge](forward.values, backward.values))
    assert_same_bits(states.h, same_states.h)
    assert_same_bits(merged.last(states), MERGES[merge](states.h[0], states.h[1]))
    last = pair.last(states)
    assert isinstance(last, tuple)
    for d in range(2):
        assert_same_bits(last[d], states.h[d])
    gradients = []
    for layer, result in ((merged, output.values), (pair, None)):
        if result is None:
            result = MERGES[merge](forward.values, backward.values)
        result.backward(torch.cos(torch.arange(result.numel()).float()).view_as(result))
        gradients.append([p.grad.to_dense() for p in layer.parameters()])
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_merges_of_padded_input_have_zeros_at_masked_steps():
    case, _ = case_and_batch()
    x, mask = torch.randn(2, 4, 5), torch.tensor([[True, False, True, True], [False] * 4])
    pair, _ = layer_for(case, merge=None)(x, mask)
    assert isinstance(pair, tuple)
    for merge, join in MERGES.items():
        output, _ = layer_for(case, merge=merge)(x, mask)
        assert_same_bits(output[mask], join(pair[0][mask], pair[1][mask]))
        assert (output[~mask] == 0).all()


@few
@given(lengths=drawn_lengths, H=st.sampled_from([1, 6, 17]), seed=st.integers(0, 999))
def test_both_directions_are_one_on_the_input_and_one_on_its_flip(lengths, H, seed):
    case, batch = case_and_batch(lengths, H=H, seed=seed)
    both = layer_for(case, merge=None)
    pair, states = both(batch)
    for d in range(2):
        turn = flip if d else lambda same: same
        output, (h, c) = one_direction(both, d)(turn(batch))
        output = turn(output)
        assert_same_bits(output.values, pair[d].values)
        assert_same_bits(h[0], states.h[d])
        assert_same_bits(c[0], states.c[d])


@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
def test_sequences_without_steps_keep_their_initial_state(D, V):
    case, batch = case_and_batch(D=D, V=V)
    layer = layer_for(case)
    empty = batch.lengths == 0
    _, states = layer(batch, None, States(case.h0, case.c0))
    assert_same_bits(states.h[:, empty], case.h0[:, empty])
    assert_same_bits(states.c[:, empty], case.c0[:, empty])
    assert (states.h[:, ~empty] != case.h0[:, ~empty]).all()
    _, states = layer(batch)
    assert (states.h[:, empty] == 0).all() and (states.c[:, empty] == 0).all()
    zeros = torch.zeros_like(case.h0)
    _, given_zeros = layer(batch, None, States(zeros, zeros))
    assert_same_bits(states.h, given_zeros.h)


def test_the_gradient_of_a_state_that_passes_through_is_the_one_from_above():
    case, batch = case_and_batch([0, 3, 0])
    h0, c0 = case.h0.clone().requires_grad_(), case.c0.clone().requires_grad_()
    _, states = layer_for(case)(batch, None, States(h0, c0))
    torch.autograd.backward(states, [case.d_h_n, case.d_c_n])
    for n in (0, 2):
        assert_same_bits(h0.grad[:, n], case.d_h_n[:, n])
        assert_same_bits(c0.grad[:, n], case.d_c_n[:, n])
    assert (h0.grad[:, 1] != case.d_h_n[:, 1]).all()


@pytest.mark.parametrize("needed", ["h", "c"])
def test_one_of_the_two_initial_states_may_need_a_gradient(needed):
    case, batch = case_and_batch()
    states = {"h": case.h0.clone(), "c": case.c0.clone()}
    leaf = states[needed].requires_grad_()
    output, _ = layer_for(case)(batch, None, States(**states))
    output.values.sum().backward()
    both = case.to(torch.float32)
    output, _ = layer_for(case)(batch, None, States(both.h0, both.c0))
    output.values.sum().backward()
    assert_same_bits(leaf.grad, {"h": both.h0, "c": both.c0}[needed].grad)


@few
@given(T=st.integers(0, 9), cut=st.integers(0, 9), V=st.sampled_from([None, 5]))
def test_a_sequence_in_two_parts_with_the_state_passed_on(T, cut, V):
    cut = min(cut, T)
    case, batch = case_and_batch([T], D=1, V=V)
    layer = layer_for(case)
    whole, states = layer(batch)
    parts, passed = [], None
    for part in (batch.values[:cut], batch.values[cut:]):
        output, passed = layer(RaggedTensor.from_list([part]), None, passed)
        parts.append(output.values)
    assert_same_bits(torch.cat(parts), whole.values)
    assert_same_bits(passed.h, states.h)
    assert_same_bits(passed.c, states.c)
    gradients = []
    for result in (whole.values, torch.cat(parts)):
        layer.zero_grad()
        result.backward(case.d_output)
        gradients.append([p.grad.to_dense() for p in layer.parameters()])
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@few
@given(lengths=drawn_lengths, V=st.sampled_from([None, 6]), seed=st.integers(0, 999))
def test_a_batch_is_its_sequences_one_by_one(lengths, V, seed):
    case, batch = case_and_batch(lengths, V=V, seed=seed)
    layer = layer_for(case)
    output, states = layer(batch)
    for n, (values, result) in enumerate(
        zip(*(t.split(lengths) for t in (batch.values, output.values)), strict=True)
    ):
        alone, alone_states = layer(RaggedTensor.from_list([values]))
        assert_same_bits(alone.values, result)
        assert_same_bits(alone_states.h[:, 0], states.h[:, n])


@pytest.mark.parametrize("merge", ["Concat", "", "add", 0])
def test_other_merges_are_refused(merge):
    for build in (
        lambda: Bidirectional(3, 4, merge=merge),
        lambda: EmbeddingLSTM(5, 3, 4, merge=merge),
    ):
        with pytest.raises(ArgumentError, match=r"merge must be one of .*concat.* or None, got"):
            build()


def test_new_weights_are_drawn_as_keras_draws_them():
    torch.manual_seed(0)
    layer = Bidirectional(20, 16)
    limit = (6 / (20 + 64)) ** 0.5
    halves = layer.kernel.detach().chunk(2, dim=1)
    for half in halves:  # each direction by itself: the limit is of (I, 4H)
        assert 0.95 * limit < float(half.abs().max()) <= limit
        assert abs(float(half.std()) - limit / 3**0.5) < 0.03 * limit
    assert not torch.equal(*halves)
    for d in range(2):
        rows = layer.recurrent_kernel[d].detach()
        torch.testing.assert_close(rows @ rows.t(), torch.eye(16), rtol=0, atol=1e-5)
    assert not torch.equal(layer.recurrent_kernel[0], layer.recurrent_kernel[1])
    expected = torch.zeros(2, 4, 16)
    expected[:, 1] = 1
    assert torch.equal(layer.bias, expected.flatten())
    table = EmbeddingLSTM(500, 8, 3).embedding.detach()
    assert 0.049 < float(table.abs().max()) <= 0.05
