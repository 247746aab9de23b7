"""`EmbeddingLSTM` is an embedding and a `Bidirectional`; its gradient is row-sparse."""

from __future__ import annotations

import pytest
import torch
from close import OneDirection, assert_same_bits, layer_for, make_case, take_weights
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, States

LENGTHS = [4, 0, 1, 7, 1, 3]


def two_layers(case, table):
    """The same function of the same weights, as two layers."""
    D, I, H = case.sizes  # noqa: E741
    case = case.to(torch.float32)
    case.ids, ids = None, case.ids
    layer = take_weights(Bidirectional(I, H) if D == 2 else OneDirection(I, H), case)
    return layer, nn_embedding(ids, table, case.offsets)


def nn_embedding(ids, table, offsets):
    return RaggedTensor(torch.nn.functional.embedding(ids, table), offsets)


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 0, 1, 1, 2, 5, 9]), max_size=8),
    V=st.sampled_from([1, 2, 7, 60]),
    D=st.sampled_from([1, 2]),
    H=st.sampled_from([1, 6, 17]),
    seed=st.integers(0, 999),
)
def test_it_is_the_embedding_and_the_layer(lengths, V, D, H, seed):
    case = make_case(lengths, V=V, D=D, H=H, seed=seed)
    table = case.x.clone().requires_grad_()
    apart, x = two_layers(case, table)
    fused = layer_for(case)
    expected, expected_states = apart(x)
    output, states = fused(RaggedTensor(case.ids, case.offsets))
    assert_same_bits(output.values, expected.values)
    assert_same_bits(states.h, expected_states.h)
    assert_same_bits(states.c, expected_states.c)
    above = [case.d_output, case.d_h_n]
    torch.autograd.backward([output.values, states.h], above)
    torch.autograd.backward([expected.values, expected_states.h], above)
    torch.testing.assert_close(fused.embedding.grad.to_dense(), table.grad, rtol=1e-4, atol=1e-5)
    for name in ("kernel", "recurrent_kernel", "bias"):
        a, b = (getattr(layer, name).grad for layer in (fused, apart))
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_only_the_rows_that_were_used_get_a_gradient(isa, dtype, dropout):
    case = make_case(LENGTHS, V=40, I=8)
    layer = layer_for(case, dropout=dropout)
    torch.manual_seed(0)  # by chance a word may lose all its features
    ids = case.ids.to(dtype)
    before = ids.clone()
    output, _ = layer(RaggedTensor(ids, case.offsets))
    loss = output.values.sum()
    if not dropout:
        (gradient,) = torch.autograd.grad(loss, layer.embedding, retain_graph=True)
        assert gradient.is_coalesced()
    loss.backward()
    gradient = layer.embedding.grad  # torch forgets that it is coalesced; the order stays
    assert gradient.is_sparse and gradient.shape == (40, 8)
    assert torch.equal(gradient._indices()[0], ids.unique().long())
    gradient = gradient.coalesce()
    assert len(gradient.indices()[0]) < 40
    assert (gradient.values() != 0).any(dim=1).all()
    assert torch.equal(ids, before)


def test_ids_of_both_widths_give_the_same():
    case = make_case(LENGTHS, V=9)
    layer = layer_for(case)
    a, _ = layer(RaggedTensor(case.ids.int(), case.offsets))
    b, _ = layer(RaggedTensor(case.ids.long(), case.offsets))
    assert_same_bits(a.values, b.values)


def test_gradients_of_two_batches_add_up():
    case = make_case(LENGTHS, V=40)
    layer, apart = layer_for(case), []
    batches = [RaggedTensor(case.ids, case.offsets), RaggedTensor(case.ids % 3, case.offsets)]
    for batch in batches:
        layer.zero_grad()
        layer(batch)[0].values.sum().backward()
        apart.append(layer.embedding.grad.to_dense())
    layer.zero_grad()
    for batch in batches:
        layer(batch)[0].values.sum().backward()
    torch.testing.assert_close(layer.embedding.grad.to_dense(), apart[0] + apart[1])


def test_a_frozen_embedding_gets_no_gradient_and_the_rest_the_same():
    case = make_case(LENGTHS, V=9)
    found = []
    for frozen in (True, False):
        layer = layer_for(case)
        layer.embedding.requires_grad_(not frozen)
        layer(RaggedTensor(case.ids, case.offsets))[0].values.sum().backward()
        assert (layer.embedding.grad is None) == frozen
        found.append([layer.kernel.grad, layer.recurrent_kernel.grad, layer.bias.grad])
    for a, b in zip(*found, strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize(
    "ids, reason",
    [
        ([0, 9], r"ids holds 9 at place 1: ids go from 0 to 8"),
        ([-1], r"ids holds -1 at place 0: ids go from 0 to 8"),
        ([2**31], r"ids must fit into 32 bits"),
        ([-(2**63)], r"ids must fit into 32 bits"),
    ],
)
def test_ids_that_are_not_in_the_vocabulary_are_refused(ids, reason):
    layer = EmbeddingLSTM(9, 3, 2)
    ids = torch.tensor(ids)
    for batch in (RaggedTensor(ids, torch.tensor([0, len(ids)])), ids[None]):
        with pytest.raises(ArgumentError, match=reason):
            layer(batch)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_ids_must_be_whole_numbers(dtype):
    with pytest.raises(ArgumentError, match="ids must be whole numbers"):
        EmbeddingLSTM(9, 3, 2)(torch.zeros(2, 3, dtype=dtype))


def test_dropout_leaves_evaluation_alone():
    case = make_case(LENGTHS, V=9)
    batch = RaggedTensor(case.ids, case.offsets)
    plain, dropping = layer_for(case), layer_for(case, dropout=0.5)
    expected, _ = plain(batch)
    assert_same_bits(dropping.eval()(batch)[0].values, expected.values)
    assert not torch.equal(dropping.train()(batch)[0].values, expected.values)


def test_dropout_drops_the_same_features_wherever_a_word_stands():
    layer = EmbeddingLSTM(9, 16, 4, dropout=0.5)
    with torch.no_grad():
        layer.embedding[:] = layer.embedding[0]  # only the dropped features tell words apart
    ids = torch.tensor([[5], [7], [5], [2], [5], [7]])
    for _ in range(3):
        output, _ = layer(ids)
        assert_same_bits(output[0], output[2])
        assert_same_bits(output[0], output[4])
        assert_same_bits(output[1], output[5])
        assert not torch.equal(output[0], output[1])
        assert not torch.equal(output[0], output[3])


def test_dropout_keeps_what_it_should_and_the_expectation():
    """In the nearly linear regime the gradient of the table is a mean over masks."""
    case = make_case([3, 2, 4], V=6, I=40)
    case.kernel *= 1e-4
    batch = RaggedTensor(case.ids, case.offsets)
    layer = layer_for(case, dropout=0.3)

    def gradient():
        layer.zero_grad()
        layer(batch)[0].values.sum().backward()
        return layer.embedding.grad.to_dense()

    torch.manual_seed(0)
    drawn = torch.stack([gradient() for _ in range(400)])
    whole = layer.eval() and gradient()
    used = case.ids.unique()
    kept = drawn[:, used] != 0
    places = kept.numel()
    assert abs(float(kept.float().mean()) - 0.7) < 5 * (0.3 * 0.7 / places) ** 0.5
    # a kept feature counts 1 / 0.7 times, so each mean strays by sqrt(3 / 7 / 400) of itself
    ratio = (drawn.mean(dim=0) / whole)[used]
    assert float((ratio - 1).abs().max()) < 5 * (3 / 7 / 400) ** 0.5
    assert abs(float(ratio.mean()) - 1) < 5 * (3 / 7 / places) ** 0.5


def test_initial_states_and_one_direction():
    case = make_case(LENGTHS, V=9, D=1)
    layer = layer_for(case)
    output, states = layer(RaggedTensor(case.ids, case.offsets), None, States(case.h0, case.c0))
    apart, x = two_layers(case, case.x)
    expected, expected_states = apart(x, None, States(case.h0, case.c0))
    assert_same_bits(output.values, expected.values)
    assert_same_bits(states.c, expected_states.c)
    assert_same_bits(layer.last(states), states.h[0])
