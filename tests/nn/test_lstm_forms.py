"""What `LSTM` takes beyond torch's: ragged and nested batches, masks, lengths, empty sequences."""

from __future__ import annotations

import pytest
import torch
from close import assert_same_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence
from twins import assert_close, padded, plain, run, sequences, states, twins

from bothways.nn import LSTM, RaggedTensor, use_threads

few = settings(max_examples=30, deadline=None)
lengths_with_zeros = st.lists(st.sampled_from([0, 1, 2, 5]), min_size=1, max_size=6)
POISONS = [float("nan"), float("inf"), -float("inf"), 1e38]
# Torch's own way is forced where the kernels are not asked: both must tell the same.
WAYS = ["kernels", "torch"]


@pytest.fixture
def way(request, monkeypatch):
    """The kernels, or torch's own LSTM where they would run."""
    if request.param == "torch":
        monkeypatch.setattr(LSTM, "_torchs_way", lambda *_: "a test wants it")
        monkeypatch.setattr("bothways.nn._lstm._told", {"a test wants it"})
    return request.param


def nested(parts):
    return torch.nested.nested_tensor(parts, layout=torch.jagged)


def forms(parts, batch_first):
    """The same batch in each form beyond torch's, with what is said beside it."""
    x, mask = padded(parts, batch_first=batch_first)
    lengths = torch.tensor([len(p) for p in parts])
    return {
        "ragged": (RaggedTensor.from_list(parts), {}),
        "nested": (nested(parts), {}),
        "mask": (x, {"mask": mask}),
        "lengths": (x, {"lengths": lengths}),
        "list of lengths": (x, {"lengths": lengths.tolist()}),
    }


def steps(output, lengths, batch_first):
    """Those of each sequence, one after another, `(T, F)`."""
    if isinstance(output, RaggedTensor) or output.is_nested:
        return plain(output)
    output = output if batch_first else output.transpose(0, 1)
    return torch.cat([row[:n] for row, n in zip(output, lengths, strict=True)])


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("batch_first", [True, False])
def test_every_form_is_the_packed_batch(way, batch_first):
    lengths = [4, 2, 7, 1]
    parts = sequences(lengths)
    theirs, ours = twins(5, 6, 2, bidirectional=True, batch_first=batch_first)
    hx = states(ours, 4)
    packed = pack_sequence(parts, enforce_sorted=False)
    expected = run(theirs, packed, hx)
    in_order = torch.cat(torch.nn.utils.rnn.unpack_sequence(packed._replace(data=expected[0])))
    for name, (batch, how) in forms(parts, batch_first).items():
        output, (h, c) = ours(batch, hx, **how)
        assert type(output) is type(batch), name
        assert_close([steps(output, lengths, batch_first), h, c], [in_order, *expected[1:3]])
        output.sum() if name in ("mask", "lengths") else None


@few
@given(
    lengths=lengths_with_zeros,
    batch_first=st.booleans(),
    initial=st.booleans(),
    layers=st.integers(1, 2),
)
def test_every_form_has_the_bits_of_the_ragged_one(lengths, batch_first, initial, layers):
    """Results and gradients, sequences without steps among them."""
    if not sum(lengths):
        lengths = [*lengths, 1]
    parts = sequences(lengths)
    layer = LSTM(5, 6, layers, bidirectional=True, batch_first=batch_first)
    hx = states(layer, len(lengths)) if initial else None
    found = {}
    for name, (batch, how) in forms(parts, batch_first).items():
        with use_threads(1):
            layer.zero_grad()
            leaf = plain(batch).detach().clone().requires_grad_()
            fed = batch
            if name == "ragged":
                fed = batch.with_values(leaf)
            elif name == "nested":
                fed = torch.nested.nested_tensor_from_jagged(leaf, batch.offsets())
            else:
                fed = leaf
            output, (h, c) = layer(fed, hx, **how)
            used = steps(output, lengths, batch_first)
            above = torch.cos(torch.arange(used.numel())).view_as(used)
            torch.autograd.backward([used, h, c], [above, torch.ones_like(h), torch.ones_like(c)])
        d_x = leaf.grad if name in ("ragged", "nested") else steps(leaf.grad, lengths, batch_first)
        gradients = [p.grad for p in layer.parameters()]
        found[name] = [used.detach(), h.detach(), c.detach(), d_x, *gradients]
    for name, values in found.items():
        for a, b in zip(values, found["ragged"], strict=True):
            assert_same_bits(a, b), name


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("how", ["mask", "lengths", "packed"])
def test_what_stands_in_the_padding_reaches_nothing(isa, how, batch_first, poison):
    layer = LSTM(5, 17, 2, bidirectional=True, batch_first=batch_first)
    parts, found = sequences([4, 7, 1, 3]), []
    for filling in (0.0, poison):
        x, mask = padded(parts, filling=filling, batch_first=batch_first)
        lengths = torch.tensor([4, 7, 1, 3])
        if how == "packed":
            pack = torch.nn.utils.rnn.pack_padded_sequence
            packed = pack(x, lengths, batch_first=batch_first, enforce_sorted=False)
            found.append(run(layer, packed))
            continue
        got = run(layer, x, **{how: mask if how == "mask" else lengths})
        assert (got[0][~mask] == 0).all() and (got[3][~mask] == 0).all()
        assert got[3][mask].abs().min() > 0
        found.append(got)
    for clean, dirty in zip(*found, strict=True):
        assert clean.isfinite().all()
        assert_same_bits(clean, dirty)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_a_mask_may_have_any_pattern(way):
    layer = LSTM(5, 6, bidirectional=True)
    mask = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 1]], dtype=torch.bool)
    x = torch.randn(4, 3, 5).masked_fill(~mask.t()[..., None], float("nan"))
    output, (h, c) = layer(x, mask=mask.t())
    for n in range(3):
        kept = x[:, n][mask[n]]
        alone, (h_alone, c_alone) = layer(RaggedTensor.from_list([kept]))
        torch.testing.assert_close(output[:, n][mask[n]], alone.values)
        assert (output[:, n][~mask[n]] == 0).all()
        torch.testing.assert_close(h[:, n], h_alone[:, 0])
        torch.testing.assert_close(c[:, n], c_alone[:, 0])
    one = x[:, 0].nan_to_num(7.0)
    alone, (h_alone, _) = layer(one, mask=mask[0])
    torch.testing.assert_close(alone, output[:, 0])
    torch.testing.assert_close(h_alone, h[:, 0])


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("lengths", [[0], [0, 0], [3, 0, 2], [0, 1]])
def test_a_sequence_without_steps_keeps_its_state(way, lengths):
    layer = LSTM(5, 6, 2, bidirectional=True, batch_first=True)
    hx = states(layer, len(lengths))
    empty = torch.tensor(lengths) == 0
    batch = RaggedTensor.from_list(sequences(lengths))
    output, (h, c) = layer(batch, hx)
    assert output.values.shape == (sum(lengths), 12)
    assert torch.equal(h[:, empty], hx[0][:, empty]) and torch.equal(c[:, empty], hx[1][:, empty])
    assert (h[:, ~empty] != hx[0][:, ~empty]).all()
    _, (h, c) = layer(batch)
    assert (h[:, empty] == 0).all() and (c[:, empty] == 0).all()


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("shape", [(0, 3, 5), (3, 0, 5), (0, 0, 5), (0, 5)])
def test_batches_without_steps(way, shape):
    """torch refuses some of them; here they are values like others."""
    layer = LSTM(5, 6, bidirectional=True)
    output, (h, c) = layer(torch.zeros(shape))
    assert output.shape == (*shape[:-1], 12)
    expected = (2, shape[1], 6) if len(shape) == 3 else (2, 6)
    assert h.shape == c.shape == expected and not h.any() and not c.any()


def test_nested_output_goes_on_with_its_input():
    """The two have one structure, so that they can be added."""
    batch = nested(sequences([4, 0, 2], I=12))
    output, _ = LSTM(12, 6, bidirectional=True)(batch)
    assert output.layout == torch.jagged
    assert (output + batch).shape == batch.shape
    assert [len(part) for part in output.unbind()] == [4, 0, 2]


def test_ragged_batches_meet_the_other_layers():
    from bothways.nn import Pool

    output, _ = LSTM(5, 6)(RaggedTensor.from_list(sequences([4, 0, 2])))
    assert Pool("mean")(output).shape == (3, 6)
