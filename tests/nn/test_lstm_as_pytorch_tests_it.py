"""What PyTorch asks of its LSTM in test_nn.py, test_modules.py and test_packed_sequence.py.

Written anew over ours. Two of theirs are otherwise on purpose: a batch of no steps, which they
refuse, and the gradient of a gradient in float32, which we do.
"""

from __future__ import annotations

import pytest
import torch
from close import assert_same_bits
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from twins import assert_close, padded, run, sequences, states, twins

from bothways.nn import LSTM, use_threads


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("enforce_sorted", [True, False])
@use_threads(1)
def test_variable_sequences_packed_are_each_by_itself(batch_first, enforce_sorted):
    """Outputs, last states and gradients, with initial states, by way of padding and back."""
    lengths = [7, 6, 4, 2, 2, 1, 1] if enforce_sorted else [2, 7, 1, 4, 2, 6, 1]
    layer = LSTM(3, 4, 2, bidirectional=True, batch_first=batch_first)
    parts = [p.requires_grad_() for p in sequences(lengths, I=3)]
    h0, c0 = (s.requires_grad_() for s in states(layer, len(lengths)))
    leaves = [*parts, h0, c0, *layer.parameters()]

    outputs, last = [], []
    for n, part in enumerate(parts):
        one = part[None] if batch_first else part[:, None]
        output, state = layer(one, (h0[:, n : n + 1], c0[:, n : n + 1]))
        outputs.append(output.flatten(0, 1))
        last.append(state)
    alone = [*outputs, *(torch.cat(s, dim=1) for s in zip(*last, strict=True))]

    x, _ = padded(parts, batch_first=batch_first)
    how = {"batch_first": batch_first, "enforce_sorted": enforce_sorted}
    packed, state = layer(pack_padded_sequence(x, torch.tensor(lengths), **how), (h0, c0))
    back, same_lengths = pad_packed_sequence(packed, batch_first=batch_first)
    assert same_lengths.tolist() == lengths
    back = back if batch_first else back.transpose(0, 1)
    together = [*(row[:n] for row, n in zip(back, lengths, strict=True)), *state]

    for a, b in zip(alone, together, strict=True):
        assert_same_bits(a.detach(), b.detach())
    found = [
        torch.autograd.grad(sum(r.sin().sum() for r in rs), leaves) for rs in (alone, together)
    ]
    assert_close(*found, rtol=1e-4, atol=1e-6)


def test_no_state_is_a_state_of_zeros():
    layer = LSTM(5, 6, 2, bidirectional=True)
    x = torch.stack(sequences([4] * 3))
    zeros = torch.zeros(4, 4, 6)
    for a, b in zip(run(layer, x), run(layer, x, (zeros, zeros))[:3], strict=False):
        assert_same_bits(a, b)


def test_a_graph_can_be_gone_back_through_again():
    layer = LSTM(5, 6, 2)
    output = layer(torch.stack(sequences([4] * 3)))[0].sum()
    found = []
    for _ in range(3):
        layer.zero_grad()
        output.backward(retain_graph=True)
        found.append([p.grad.clone() for p in layer.parameters()])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert_same_bits(a, b)


def test_dropout_of_nothing_and_of_all():
    """With weights of one the upper layer tells what it was given."""
    for p in (0.0, 1.0):
        theirs, ours = twins(5, 6, 2, dropout=p)
        for layer in (theirs, ours):
            with torch.no_grad():
                for parameter in layer.parameters():
                    parameter.fill_(0.01)
        x = torch.full((4, 3, 5), 1000.0)
        output, _ = ours(x)
        torch.testing.assert_close(output, theirs(x)[0])
        first, _ = ours(torch.zeros(4, 3, 5))
        assert torch.equal(output, first) == (p == 1)  # all dropped: the input makes no difference


def test_dropout_is_read_at_each_call():
    layer = LSTM(5, 100, 2, dropout=0.5)
    x = torch.stack(sequences([4] * 3))
    before = layer(x)[0]
    assert not torch.equal(before, layer(x)[0])
    layer.dropout = 0.0
    assert torch.equal(layer(x)[0], layer(x)[0])
    layer.dropout = 0.5
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_factory_arguments(dtype):
    layer = LSTM(5, 6, 2, True, True, 0.1, True, 2, "cpu", dtype)  # all by position
    assert {p.dtype for p in layer.parameters()} == {dtype}
    assert layer.weight_hr_l1_reverse.shape == (2, 6) and layer.batch_first and layer.dropout == 0.1
    meta = LSTM(5, 6, device="meta")
    assert meta(torch.empty(4, 3, 5, device="meta"))[0].shape == (4, 3, 6)
    made = meta.to_empty(device="cpu")
    made.reset_parameters()
    assert made(torch.zeros(4, 3, 5))[0].isfinite().all()


def test_strided_input_states_and_gradients():
    layer = LSTM(5, 6, 2, bidirectional=True)
    dense = torch.stack(sequences([4] * 3), dim=1)
    strided = dense.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    hx = states(layer, 3)
    strided_hx = tuple(s.permute(2, 1, 0).contiguous().permute(2, 1, 0) for s in hx)
    assert not strided.is_contiguous() and not strided_hx[0].is_contiguous()
    for a, b in zip(run(layer, dense, hx), run(layer, strided, strided_hx), strict=True):
        assert_same_bits(a.contiguous(), b.contiguous())
    x = dense.clone().requires_grad_()
    above = torch.ones(12, 3, 4).permute(2, 1, 0)
    layer(x)[0].backward(above)
    expected, x.grad = x.grad, None
    layer(x)[0].backward(above.contiguous())
    assert_same_bits(x.grad, expected)


def test_gates_far_from_usual():
    """Saturated, infinite and not a number, as torch has them."""
    theirs, ours = twins(5, 6)
    x = torch.stack(sequences([4] * 3))
    for scale in (1e-20, 1e4, 1e30):
        torch.testing.assert_close(ours(x * scale)[0], theirs(x * scale)[0], rtol=1e-4, atol=1e-6)
    x[1, 1, 1] = float("nan")
    got, expected = ours(x)[0], theirs(x)[0]
    assert torch.equal(got.isnan(), expected.isnan()) and got.isnan().any()
    assert not got[:, 0].isnan().any()


def test_hooks_and_modes_and_types_go_through():
    layer, seen = LSTM(5, 6), []
    layer.register_forward_pre_hook(lambda *_: seen.append("before"))
    layer.register_forward_hook(lambda *_: seen.append("after"))
    layer.register_full_backward_hook(lambda *_: seen.append("backward"))
    x = torch.stack(sequences([4] * 3)).requires_grad_()
    layer(x)[0].sum().backward()
    assert seen == ["before", "after", "backward"]
    assert isinstance(layer, nn.LSTM) and isinstance(layer, nn.RNNBase)
    back = layer.double().float()
    assert {p.dtype for p in back.parameters()} == {torch.float32}
    assert back.requires_grad_(False)(x.detach())[0].requires_grad is False


def test_a_second_backward_pass_without_the_graph_is_refused_as_torchs():
    output = LSTM(5, 6)(torch.stack(sequences([4] * 3)))[0].sum()
    output.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        output.backward()


def test_weights_that_change_between_the_passes_do_not_reach_the_gradient():
    """torch refuses to go back then."""
    layer = LSTM(5, 6)
    output, _ = layer(torch.stack(sequences([4] * 3)))
    with torch.no_grad():
        layer.weight_hh_l0.add_(1)
    layer.zero_grad()
    output.sum().backward()
    expected = layer.weight_hh_l0.grad.clone()
    with torch.no_grad():
        layer.weight_hh_l0.sub_(1)
    layer.zero_grad()
    layer(torch.stack(sequences([4] * 3)))[0].sum().backward()
    torch.testing.assert_close(layer.weight_hh_l0.grad, expected, rtol=1e-4, atol=1e-5)
