"""A mask of any pattern is the deletion of the masked steps, and nothing in them matters."""

from __future__ import annotations

import pytest
import torch
from close import assert_same_bits, layer_for, make_case
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.nn import Pool, RaggedTensor

N, L, I, H, V = 5, 7, 3, 6, 11  # noqa: E741
PATTERNS = {
    "right": ["1111000", "1111111", "1000000", "1111110", "1100000"],
    "left": ["0001111", "1111111", "0000001", "0111111", "0000011"],
    "holes": ["1011001", "0100010", "1010101", "0011100", "1000001"],
    "nothing left": ["0000000", "0110000", "0000000", "1111111", "0000000"],
    "nothing at all": ["0000000"] * N,
}
KINDS = {"one": 1, "both": 2}


def mask_of(pattern):
    return torch.tensor([[step == "1" for step in row] for row in PATTERNS[pattern]])


def padded_input(ids, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randint(0, V, (N, L), generator=g) if ids else torch.randn(N, L, I, generator=g)


def layer_and_input(D, ids):
    layer = layer_for(make_case([1], I=I, H=H, D=D, V=V if ids else None, seed=D))
    return layer, padded_input(ids)


def deleted(x, mask):
    return RaggedTensor.from_list([row[keep] for row, keep in zip(x, mask, strict=True)])


def gradients(layer, result, states):
    """Of the parameters, from gradients above that depend on the place in `result` alone."""
    layer.zero_grad()
    above = [torch.cos(torch.arange(t.numel()).float()).view_as(t) for t in states]
    torch.autograd.backward([result, *states], [torch.sin(result.detach() * 9), *above])
    return [p.grad.to_dense() for p in layer.parameters()]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("D", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("ids", [False, True], ids=["steps", "ids"])
def test_any_mask_is_deleting_the_masked_steps(isa, pattern, D, ids):
    layer, x = layer_and_input(D, ids)
    mask = mask_of(pattern)
    output, states = layer(x, mask)
    ragged = deleted(x, mask)
    expected, expected_states = layer(ragged)
    assert isinstance(output, torch.Tensor) and isinstance(expected, RaggedTensor)
    assert output.shape == (N, L, D * H)
    assert_same_bits(output[mask], expected.values)
    assert (output[~mask] == 0).all()
    assert torch.equal(expected.offsets, ragged.offsets)
    for a, b in zip(states, expected_states, strict=True):
        assert_same_bits(a, b)
    ours = gradients(layer, output, states)
    for a, b in zip(ours, gradients(layer, expected.values, expected_states), strict=True):
        assert_same_bits(a, b)


@settings(max_examples=30, deadline=None)
@given(
    mask=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=6),
    D=st.sampled_from([1, 2]),
)
def test_drawn_masks(mask, D):
    mask = torch.tensor(mask)
    layer = layer_for(make_case([1], I=I, H=H, D=D, seed=3))
    x = torch.randn(*mask.shape, I)
    output, states = layer(x, mask)
    expected, expected_states = layer(deleted(x, mask))
    assert_same_bits(output[mask], expected.values)
    assert_same_bits(states.h, expected_states.h)
    assert (output[~mask] == 0).all()


@pytest.mark.parametrize("D", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("ids", [False, True], ids=["steps", "ids"])
def test_without_a_mask_every_step_counts(D, ids):
    layer, x = layer_and_input(D, ids)
    output, states = layer(x)
    full, full_states = layer(x, torch.ones(N, L, dtype=torch.bool))
    assert_same_bits(output, full)
    assert_same_bits(states.c, full_states.c)
    alone, alone_states = layer(x[1:2])
    assert_same_bits(output[1:2], alone)
    assert_same_bits(states.h[:, 1:2], alone_states.h)


@pytest.mark.parametrize("pattern", ["right", "left", "holes", "nothing left"])
@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf"), 1e38])
def test_what_stands_in_the_padding_reaches_nothing(isa, pattern, poison):
    layer, x = layer_and_input(2, ids=False)
    mask = mask_of(pattern)
    found = []
    for filling in (0.0, poison):
        filled = x.masked_fill(~mask[..., None], filling).requires_grad_()
        before = filled.detach().clone()
        output, states = layer(filled, mask)
        weights = gradients(layer, output, states)
        assert_same_bits(filled.detach(), before)
        assert (filled.grad[~mask] == 0).all()
        assert filled.grad[mask].abs().min() > 0
        found.append([output, *states, filled.grad, *weights])
    for clean, dirty in zip(*found, strict=True):
        assert torch.isfinite(clean).all()
        assert_same_bits(clean.detach(), dirty.detach())


@pytest.mark.parametrize("poison", [-1, V, 2**40])
def test_ids_in_the_padding_need_not_exist(poison):
    layer, x = layer_and_input(2, ids=True)
    mask = mask_of("right")
    filled = x.masked_fill(~mask, poison)
    assert_same_bits(layer(filled, mask)[0], layer(x, mask)[0])


@pytest.mark.parametrize("how", ["last", "mean", "max"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_pooling_reads_only_what_counts(how, pattern):
    mask = mask_of(pattern)
    x = padded_input(ids=False).masked_fill(~mask[..., None], float("nan")).requires_grad_()
    pooled = Pool(how)(x, mask)
    for row, keep, got in zip(x.detach(), mask, pooled, strict=True):
        steps = row[keep]
        if not len(steps):
            expected = torch.zeros(I)
        else:
            expected = {"last": steps[-1], "mean": steps.mean(0), "max": steps.amax(0)}[how]
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-7)
    assert_same_bits(pooled, Pool(how)(deleted(x, mask)))
    pooled.sum().backward()
    assert (x.grad[~mask] == 0).all()
    totals = x.grad.sum(dim=1)  # each sequence hands down all it got
    expected = mask.any(dim=1)[:, None].expand_as(totals).float()
    torch.testing.assert_close(totals, expected, rtol=1e-6, atol=1e-6)


def test_a_batch_without_padding_is_not_copied_from_numpy():
    import numpy as np

    from bothways import Ragged

    batch = Ragged.from_list([[1.0, 2.0], [], [3.0]], dtype=np.float32)
    tensor = RaggedTensor.from_ragged(batch)
    assert tensor.values.data_ptr() == batch.values.ctypes.data
    assert tensor.lengths.tolist() == [2, 0, 1]
    listed = RaggedTensor.from_list([torch.tensor([1.0, 2.0]), torch.zeros(0), torch.tensor([3.0])])
    assert torch.equal(listed.values, tensor.values)
    assert torch.equal(listed.offsets, tensor.offsets)


@pytest.mark.parametrize(
    "mask, reason",
    [
        (torch.ones(N, L), "must be bool of shape .5, 7., got torch.float32"),
        (torch.ones(N, L, dtype=torch.int64), "got torch.int64"),
        (torch.ones(N, L + 1, dtype=torch.bool), "of shape .5, 8."),
        (torch.ones(N, dtype=torch.bool), "of shape .5,."),
        (torch.ones(N, L, I, dtype=torch.bool), "of shape .5, 7, 3."),
    ],
)
def test_masks_of_another_kind_are_refused(mask, reason):
    for layer, x in (layer_and_input(2, False), layer_and_input(1, True)):
        with pytest.raises(ArgumentError, match=reason):
            layer(x, mask)
    with pytest.raises(ArgumentError, match=reason):
        Pool("mean")(padded_input(False), mask)


@pytest.mark.parametrize("ids", [False, True], ids=["steps", "ids"])
def test_a_mask_for_a_ragged_batch_is_refused(ids):
    """It says already which steps count; a mask beside it would have to be ignored."""
    layer, x = layer_and_input(2, ids)
    mask = mask_of("right")
    for module in (layer, Pool("mean")):
        with pytest.raises(ArgumentError, match="ragged batch takes no mask"):
            module(deleted(x, mask), mask)


def test_a_tensor_with_too_few_dimensions_is_refused():
    layer, _ = layer_and_input(2, ids=True)
    with pytest.raises(ArgumentError, match=r"padded .*\(N, L.*got .*\(3,\)"):
        layer(torch.tensor([1, 2, 3]))
    layer, _ = layer_and_input(2, ids=False)
    with pytest.raises(ArgumentError, match="2 dimensions, got float32 with 1"):
        layer(torch.zeros(2, 3))
