"""Variational dropout: by itself, on the input of layers and between them."""

from __future__ import annotations

import pytest
import stacked
import torch
from close import OneDirection, assert_same_bits
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.nn import (
    Bidirectional,
    EmbeddingLSTM,
    RaggedTensor,
    VariationalDropout,
    _operator,
)

LENGTHS = [4, 0, 1, 7, 1, 3]
few = settings(max_examples=30, deadline=None)
drawn_lengths = st.lists(st.sampled_from([0, 0, 1, 1, 2, 5, 9]), max_size=8)


def ones(lengths, F=16):
    return RaggedTensor(torch.ones(sum(lengths), F), torch.tensor([0, *lengths]).cumsum(0))


@pytest.fixture
def no_kernels(monkeypatch):
    """The path of other devices, run on the CPU."""
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)


def assert_variational(lengths, values, p):
    """Of ones that were dropped: one mask a sequence, and every two masks differ."""
    masks = [part[0] for part in values.split(lengths) if len(part)]
    for part in values.split(lengths):
        assert (part == part[:1]).all()
    for n, mask in enumerate(masks):
        assert set(mask.tolist()) <= {0.0, float(torch.tensor(1 / (1 - p)))}
        assert not any(torch.equal(mask, other) for other in masks[:n])


def test_a_sequence_loses_the_same_features_at_every_step():
    torch.manual_seed(0)
    batch = ones(LENGTHS, F=64)
    for _ in range(3):
        output = VariationalDropout(0.4)(batch)
        assert output.offsets is batch.offsets
        assert_variational(LENGTHS, output.values, 0.4)
    assert (batch.values == 1).all()


def test_on_other_devices_too(no_kernels):
    torch.manual_seed(0)
    x = ones(LENGTHS, F=64)
    leaf = x.values.requires_grad_()
    output = VariationalDropout(0.4)(x)
    assert_variational(LENGTHS, output.values, 0.4)
    output.values.sum().backward()
    assert_same_bits(leaf.grad, output.values.detach())


def test_it_keeps_what_it_should_and_the_expectation():
    torch.manual_seed(0)
    drop, batch = VariationalDropout(0.3), ones([2, 3], F=40)
    drawn = torch.stack([drop(batch).values[[0, 2]] for _ in range(400)])
    kept = (drawn != 0).float()
    assert abs(float(kept.mean()) - 0.7) < 5 * (0.3 * 0.7 / kept.numel()) ** 0.5
    assert float((drawn.mean(dim=0) - 1).abs().max()) < 5 * (3 / 7 / 400) ** 0.5
    assert abs(float(drawn.mean()) - 1) < 5 * (3 / 7 / kept.numel()) ** 0.5


@pytest.mark.parametrize("p", [1e-9, 0.01, 0.5, 0.999999])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (400, 301)])
def test_factors_follow_from_the_seed(p, shape):
    """For every rate and number of them, odd ones too."""
    seeds = torch.tensor([5]), torch.tensor([6]), torch.tensor([2**63 - 1])
    factors, other, last = (torch.ops.bothways.dropout_factors(s, shape, p) for s in seeds)
    assert_same_bits(factors, torch.ops.bothways.dropout_factors(seeds[0], shape, p))
    for drawn in (factors, other, last):
        assert drawn.shape == shape
        assert ((drawn == 0) | (drawn == torch.tensor(1 / (1 - p)))).all()
        dropped = float((drawn == 0).float().mean())
        assert abs(dropped - p) < 5 * (p * (1 - p) / drawn.numel()) ** 0.5 + 1 / drawn.numel()
    if len(shape) > 1 and p == 0.5:
        assert not torch.equal(factors, other)


@few
@given(lengths=drawn_lengths, seed=st.integers(0, 999))
def test_the_gradient_is_the_factors(lengths, seed):
    batch = ones(lengths, F=5)
    x = torch.randn_like(batch.values).requires_grad_()
    torch.manual_seed(seed)
    factors = VariationalDropout(0.5)(batch).values
    torch.manual_seed(seed)
    output = VariationalDropout(0.5)(RaggedTensor(x, batch.offsets)).values
    d = torch.randn_like(x)
    output.backward(d)
    assert_same_bits(output.detach(), x.detach() * factors)
    assert_same_bits(x.grad, d * factors)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_padded_batches_and_steps_of_any_shape(shape):
    mask = torch.tensor([[True, False, True, True], [False] * 4, [False, True, True, False]])
    x = torch.randn(3, 4, *shape).requires_grad_()
    ragged = RaggedTensor(x[mask], torch.tensor([0, 3, 3, 5]))
    torch.manual_seed(0)
    expected = VariationalDropout(0.5)(ragged).values
    torch.manual_seed(0)
    output = VariationalDropout(0.5)(x, mask)
    assert_same_bits(output[mask], expected)
    assert (output[~mask] == 0).all() and output.shape == x.shape
    output.sum().backward()
    assert (x.grad[~mask] == 0).all()
    torch.manual_seed(0)
    whole = VariationalDropout(0.5)(torch.ones(3, 4, *shape))
    assert (whole == whole[:, :1]).all()


def test_evaluation_and_a_rate_of_zero_change_nothing():
    batch = RaggedTensor(torch.randn(5, 3), torch.tensor([0, 2, 5]))
    for drop in (VariationalDropout(0.9).eval(), VariationalDropout(0.0)):
        assert drop(batch).values is batch.values
        assert not drop.active
    x, mask = torch.randn(1, 3, 2), torch.tensor([[True, False, True]])
    output = VariationalDropout(0.9).eval()(x, mask)
    assert_same_bits(output[mask], x[mask])
    assert (output[~mask] == 0).all()
    assert repr(VariationalDropout(0.9)) == "VariationalDropout(p=0.9)"


@pytest.mark.parametrize("p", [1.0, -0.1, 2, float("nan")])
def test_other_rates_are_refused(p):
    for build in (
        lambda: VariationalDropout(p),
        lambda: OneDirection(3, 4, input_dropout=p),
        lambda: Bidirectional(3, 4, layers=2, layer_dropout=p),
        lambda: EmbeddingLSTM(9, 3, 4, input_dropout=p),
        lambda: EmbeddingLSTM(9, 3, 4, dropout=p),
    ):
        with pytest.raises(ArgumentError, match="a number from 0 to below 1, got"):
            build()


def test_dropout_between_layers_needs_two_of_them():
    for build in (
        lambda: OneDirection(3, 4, layer_dropout=0.5),
        lambda: Bidirectional(3, 4, layer_dropout=0.5),
        lambda: EmbeddingLSTM(9, 3, 4, layer_dropout=0.5),
    ):
        with pytest.raises(ArgumentError, match=r"between layers, got 0\.5 and a single layer"):
            build()


@pytest.mark.parametrize("lie", [[0, 2], [1, 3], [0, 2, 1, 3], [0, 4, 3], []])
def test_offsets_that_lie_are_refused(lie):
    offsets = torch.tensor(lie, dtype=torch.int64)
    steps = RaggedTensor(torch.zeros(3, 3), offsets)
    ids = RaggedTensor(torch.zeros(3, dtype=torch.int64), offsets)
    for module, batch in (
        (VariationalDropout(0.5), steps),
        (Bidirectional(3, 4, input_dropout=0.5), steps),
        (EmbeddingLSTM(9, 3, 4, input_dropout=0.5), ids),
    ):
        with pytest.raises(ArgumentError, match="offsets"):
            module(batch)


@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("p", [(0.4, 0.0), (0.0, 0.4), (0.4, 0.3)])
def test_layers_drop_what_the_module_drops(D, p):
    layer = stacked.new_layer(D, layers=3, input_dropout=p[0], layer_dropout=p[1])
    batch, singles = stacked.new_batch(layer, LENGTHS), stacked.single_layers(layer)
    torch.manual_seed(1)
    ours = stacked.run(layer, batch)
    torch.manual_seed(1)
    x, between = VariationalDropout(p[0])(batch.ragged), VariationalDropout(p[1])
    for k, single in enumerate(singles):
        rows = slice(k * D, (k + 1) * D)
        x = between(x) if k else x
        x, last = single(x, None, (batch.h0[rows], batch.c0[rows]))
        assert_same_bits(ours["h_n"][rows], last[0].detach())
    assert_same_bits(ours["output"], x.values.detach())
    assert_same_bits(layer.eval()(batch.ragged)[0].values, plain(layer)(batch.ragged)[0].values)


def plain(layer):
    """The same weights without any dropout."""
    V = getattr(layer, "vocabulary_size", None)
    other = stacked.new_layer(layer.directions, layers=layer.layers, V=V)
    other.load_state_dict(layer.state_dict())
    return other


@few
@given(lengths=drawn_lengths, V=st.sampled_from([1, 3, 40]), seed=st.integers(0, 999))
def test_an_embedding_with_input_dropout_is_the_three_layers_apart(lengths, V, seed):
    layer = stacked.new_layer(2, layers=2, V=V, seed=seed, input_dropout=0.4)
    batch = stacked.new_batch(layer, lengths, seed).to(torch.float32)
    torch.manual_seed(seed)
    ours = stacked.run(layer, batch)
    table = layer.embedding.detach().clone().requires_grad_()
    apart = Bidirectional(5, 6, layers=2)
    weights = layer.state_dict()
    del weights["embedding"]
    apart.load_state_dict(weights)
    torch.manual_seed(seed)
    x = RaggedTensor(torch.nn.functional.embedding(batch.values, table), batch.offsets)
    x = VariationalDropout(0.4)(x)
    output, (h, c) = apart(x, None, (batch.h0, batch.c0))
    above = [batch.d_output, batch.d_h_n, batch.d_c_n]
    torch.autograd.backward([output.values, h, c], above)
    assert_same_bits(ours["output"], output.values.detach())
    assert_same_bits(ours["h_n"], h.detach())
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(ours["embedding"], table.grad, **close)
    for name, p in apart.named_parameters():
        torch.testing.assert_close(ours[name], p.grad, **close)


def test_both_dropouts_of_an_embedding_act_one_after_the_other():
    """What is projected are the rows that both masks leave."""
    layer = EmbeddingLSTM(9, 64, 4, dropout=0.5, input_dropout=0.5)
    with torch.no_grad():
        layer.embedding.fill_(1)
        layer.kernel.zero_()
        layer.kernel[:, 8:12] = 1e-3  # the gate g adds up what is left
        layer.recurrent_kernel.zero_()
    ids, offsets = torch.tensor([1, 2, 1, 2, 1, 1]), torch.tensor([0, 4, 6])
    torch.manual_seed(3)
    output, _ = layer(RaggedTensor(ids, offsets))
    torch.manual_seed(3)
    words, sequences = (VariationalDropout(0.5).factors(2, torch.ones(2, 64)) for _ in range(2))
    left = words[ids - 1] * sequences[[0, 0, 0, 0, 1, 1]]
    bare = OneDirection(64, 4)
    with torch.no_grad():
        for name in ("kernel", "bias"):
            getattr(bare, name).copy_(getattr(layer, name)[..., :16])
        bare.recurrent_kernel.zero_()
    expected, _ = bare(RaggedTensor(left, offsets))
    assert_same_bits(output.values[:, :4], expected.values)
    assert len(left.unique(dim=0)) == 3  # (sequence, word) pairs


@pytest.mark.parametrize("where", ["input_dropout", "layer_dropout"])
@pytest.mark.parametrize("V", [None, 6], ids=["steps", "ids"])
def test_the_expectation_is_kept_inside_a_layer(where, V):
    """In the nearly linear regime the states are a mean over masks."""
    layer = stacked.new_layer(1, layers=2, I=40, H=40, V=V, **{where: 0.3})
    with torch.no_grad():
        for name in ("kernel", "kernel_1", "recurrent_kernel", "recurrent_kernel_1"):
            getattr(layer, name).mul_(1e-2)
        layer.bias.zero_()
        layer.bias_1.zero_()
    batch = stacked.new_batch(layer, [3, 2]).ragged
    torch.manual_seed(0)
    with torch.no_grad():
        drawn = torch.stack([layer(batch)[1].h[1] for _ in range(600)])
        whole = layer.eval()(batch)[1].h[1]
    spread = drawn.std(dim=0) / 600**0.5
    assert (spread > 0).all()
    assert float(((drawn.mean(dim=0) - whole) / spread).abs().max()) < 5


def test_only_the_rows_that_were_used_get_a_gradient():
    layer = stacked.new_layer(2, layers=1, V=40, input_dropout=0.4)
    batch = stacked.new_batch(layer, LENGTHS)
    layer(batch.ragged)[0].values.sum().backward()
    gradient = layer.embedding.grad
    assert gradient.is_sparse and gradient.shape == (40, 5)
    assert torch.equal(gradient._indices()[0], batch.values.unique())


def test_layers_with_dropout_on_other_devices(monkeypatch):
    """With the same masks: the same results and gradients."""

    def factors(self, count, like):
        seed = torch.randint(2**63 - 1, (1,))
        return torch.ops.bothways.dropout_factors(seed, (count, *like.shape[1:]), self.p)

    monkeypatch.setattr(VariationalDropout, "factors", factors)
    options = {"input_dropout": 0.3, "layer_dropout": 0.4}
    for V in (None, 9):
        layer = stacked.new_layer(2, layers=2, V=V, **options)
        batch, found = stacked.new_batch(layer, LENGTHS), []
        for kernels in (True, False):
            monkeypatch.setattr(_operator, "on_kernels", lambda x, kernels=kernels: kernels)
            torch.manual_seed(5)
            found.append(stacked.run(layer, batch))
        for name, value in found[0].items():
            torch.testing.assert_close(found[1][name], value, rtol=1e-4, atol=1e-5)
