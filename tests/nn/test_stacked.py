"""Stacked layers: torch's numbers, and exactly those of single layers one on another."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest
import stacked
import torch
from close import OneDirection, assert_errors_as_good, assert_same_bits
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, States

REALISTIC = [60, 0, 17, 1, 43, 60, 8, 29]
LENGTHS = [4, 0, 1, 7, 1, 3]
few = settings(max_examples=25, deadline=None)
drawn_lengths = st.lists(st.sampled_from([0, 0, 1, 1, 2, 5]), max_size=7)


def assert_all_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert_same_bits(ours[name], theirs[name])


@pytest.mark.parametrize("V", [None, 50], ids=["steps", "ids"])
@pytest.mark.parametrize("D, layers", [(2, 2), (1, 2), (2, 3)])
def test_stacks_are_as_near_to_the_truth_as_torch(isa, D, layers, V):
    """Results and every gradient, against `nn.LSTM(num_layers=..., bidirectional=...)`."""
    measured = []
    for seed in range(3):
        layer = stacked.new_layer(D, layers=layers, I=24, H=32, V=V, seed=seed)
        measured.append(stacked.errors(layer, stacked.new_batch(layer, REALISTIC, seed)))
    assert_errors_as_good(measured)


def test_the_measure_can_fail():
    """Layers in the wrong order would be caught."""
    layer = stacked.new_layer(1, layers=2, I=32, H=32)
    batch = stacked.new_batch(layer, REALISTIC)
    truth = stacked.run_torch(layer, batch, torch.float64)
    with torch.no_grad():
        for name in stacked.PARAMETERS:
            low, high = getattr(layer, name), getattr(layer, name + "_1")
            low.data, high.data = high.data, low.data
    wrong = stacked.run(layer, batch)
    for name, exact in truth.items():
        assert (wrong[name] - exact).abs().max() > 1e-2, name


@few
@given(
    lengths=drawn_lengths,
    H=st.sampled_from([1, 6, 17]),
    kind=st.sampled_from(["forward", "both", "ids", "ids, one direction"]),
    layers=st.integers(1, 3),
    seed=st.integers(0, 999),
)
def test_a_stack_is_single_layers_one_on_another(lengths, H, kind, layers, seed):
    V = 7 if kind.startswith("ids") else None
    D = 2 if kind in ("both", "ids") else 1
    layer = stacked.new_layer(D, layers=layers, H=H, V=V, seed=seed)
    batch = stacked.new_batch(layer, lengths, seed)
    assert_all_same(stacked.run(layer, batch), stacked.run_by_hand(layer, batch))


@pytest.mark.parametrize("merge", ["sum", "mul", "ave", None])
def test_only_the_highest_layer_is_merged(merge):
    layer = stacked.new_layer(2, layers=2, merge=merge)
    plain = stacked.new_layer(2, layers=2)
    batch = stacked.new_batch(layer, LENGTHS).ragged
    (output, states), (both, expected) = layer(batch), plain(batch)
    assert_same_bits(states.h, expected.h)
    forward, backward = both.values.chunk(2, dim=-1)
    joins = {"sum": forward + backward, "mul": forward * backward, "ave": (forward + backward) / 2}
    last = layer.last(states)
    if merge is None:
        assert_same_bits(output[0].values, forward)
        assert_same_bits(output[1].values, backward)
        assert_same_bits(last[0], states.h[2])
        assert_same_bits(last[1], states.h[3])
    else:
        assert_same_bits(output.values, joins[merge])
        assert last.shape == (len(LENGTHS), 6)


@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
@pytest.mark.parametrize("D", [1, 2])
def test_the_last_state_is_the_highest_layers(D, V):
    layer = stacked.new_layer(D, layers=3, V=V)
    batch = stacked.new_batch(layer, [4, 2]).ragged
    output, states = layer(batch)
    assert states.h.shape == states.c.shape == (3 * D, 2, 6)
    last = layer.last(states) if hasattr(layer, "last") else states.h[-1]
    ends = output.values[batch.offsets[1:] - 1]
    assert_same_bits(last[:, :6], ends[:, :6])
    if D == 2:
        assert_same_bits(last[:, 6:], output.values[batch.offsets[:-1], 6:])


PATTERNS = {
    "right": ["1111000", "1111111", "1000000"],
    "left": ["0001111", "1111111", "0000001"],
    "holes": ["1011001", "0100010", "0000000"],
    "nothing at all": ["0000000"] * 3,
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
def test_any_mask_is_deleting_the_masked_steps(isa, pattern, V):
    mask = torch.tensor([[step == "1" for step in row] for row in PATTERNS[pattern]])
    layer = stacked.new_layer(2, layers=2, V=V)
    x = torch.randn(3, 7, 5) if V is None else torch.randint(9, (3, 7))
    found = []
    for batch, keep in (
        (x, mask),
        (RaggedTensor.from_list([r[m] for r, m in zip(x, mask, strict=True)]), None),
    ):
        layer.zero_grad()
        output, states = layer(batch, keep)
        steps = output.values if keep is None else output[mask]
        (steps.sin().sum() + states.c.sum()).backward()
        gradients = [p.grad.to_dense() for p in layer.parameters()]
        found.append([steps.detach(), states.h.detach(), states.c.detach(), *gradients])
        if keep is not None:
            assert (output[~mask] == 0).all()
    for a, b in zip(*found, strict=True):
        assert_same_bits(a, b)


def test_what_stands_in_the_padding_reaches_nothing():
    layer = stacked.new_layer(2, layers=2)
    mask = torch.tensor([[step == "1" for step in row] for row in PATTERNS["holes"]])
    x = torch.randn(3, 7, 5).masked_fill(~mask[..., None], float("nan")).requires_grad_()
    output, states = layer(x, mask)
    (output.sum() + states.h.sum()).backward()
    assert output.isfinite().all() and states.h.isfinite().all()
    assert (x.grad[~mask] == 0).all() and (x.grad[mask] != 0).all()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@few
@given(lengths=drawn_lengths, V=st.sampled_from([None, 6]), seed=st.integers(0, 999))
def test_a_batch_is_its_sequences_one_by_one_in_any_order(lengths, V, seed):
    layer = stacked.new_layer(2, layers=2, V=V, seed=seed)
    batch = stacked.new_batch(layer, lengths, seed).ragged
    output, states = layer(batch)
    parts = list(zip(*(t.split(lengths) for t in (batch.values, output.values)), strict=True))
    for n, (values, result) in enumerate(parts):
        alone, alone_states = layer(RaggedTensor.from_list([values]))
        assert_same_bits(alone.values, result)
        assert_same_bits(alone_states.h[:, 0], states.h[:, n])
    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(seed)).tolist()
    if order:
        other, other_states = layer(RaggedTensor.from_list([parts[n][0] for n in order]))
        assert_same_bits(other.values, torch.cat([parts[n][1] for n in order]))
        assert_same_bits(other_states.c, states.c[:, order])


def test_sequences_without_steps_keep_the_initial_state_of_each_layer():
    layer = stacked.new_layer(2, layers=2)
    batch = stacked.new_batch(layer, LENGTHS)
    empty = batch.offsets.diff() == 0
    _, states = layer(batch.ragged, None, States(batch.h0, batch.c0))
    assert_same_bits(states.h[:, empty], batch.h0[:, empty])
    assert_same_bits(states.c[:, empty], batch.c0[:, empty])
    assert (states.h[:, ~empty] != batch.h0[:, ~empty]).all()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", ["h0", "c0"])
def test_states_of_another_shape_are_refused(layers, name):
    layer = stacked.new_layer(2, layers=layers)
    batch = stacked.new_batch(layer, LENGTHS)
    good = {"h0": batch.h0, "c0": batch.c0}
    rows = layers * 2
    for wrong in (good[name][:1], torch.cat([good[name]] * 2), good[name][:, :5]):
        given_states = States(*(good | {name: wrong}).values())
        shape = rf"{name} has the shape .* and needs \({rows}, 6, 6\)"
        with pytest.raises(ArgumentError, match=shape):
            layer(batch.ragged, None, given_states)


@pytest.mark.parametrize("layers", [0, -1, 1.5, "2", None])
def test_other_numbers_of_layers_are_refused(layers):
    for build in (
        lambda: OneDirection(3, 4, layers=layers),
        lambda: Bidirectional(3, 4, layers=layers),
        lambda: EmbeddingLSTM(5, 3, 4, layers=layers),
    ):
        with pytest.raises(ArgumentError, match="layers must be a whole number from 1, got"):
            build()


def test_names_and_shapes_of_the_parameters():
    names = {"kernel": (5, 48), "recurrent_kernel": (2, 6, 24), "bias": (48,)}
    upper = names | {"kernel": (12, 48)}
    expected = dict(names)
    for k in (1, 2):
        expected |= {f"{name}_{k}": shape for name, shape in upper.items()}
    for layers in (1, 3):
        layer = Bidirectional(5, 6, layers=layers)
        shapes = {name: tuple(p.shape) for name, p in layer.state_dict().items()}
        assert shapes == (names if layers == 1 else expected)
        bias = torch.zeros(2, 4, 6)
        bias[:, 1] = 1
        for k in range(layers):
            assert torch.equal(getattr(layer, stacked.name_of("bias", k)), bias.flatten())
    assert list(EmbeddingLSTM(9, 5, 6).state_dict()) == ["embedding", *names]
    assert [*OneDirection(5, 6, layers=2).state_dict()][3:] == [
        "kernel_1",
        "recurrent_kernel_1",
        "bias_1",
    ]


@pytest.mark.parametrize("V", [None, 9], ids=["steps", "ids"])
def test_weights_and_whole_layers_can_be_kept_and_copied(V, tmp_path):
    options = {"layers": 2, "V": V, "layer_dropout": 0.2, "input_dropout": 0.1}
    layer = stacked.new_layer(2, **options).eval()
    batch = stacked.new_batch(layer, LENGTHS)
    expected = stacked.run(layer, batch)
    torch.save(layer.state_dict(), tmp_path / "weights.pt")
    other = stacked.new_layer(2, **options, seed=1).eval()
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    for twin in (other, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(twin) == repr(layer) and not twin.input_dropout.training
        assert_all_same(stacked.run(twin, batch), expected)


def test_a_stack_compiles_into_one_graph():
    torch._dynamo.reset()
    layer = stacked.new_layer(2, layers=2, input_dropout=0.3, layer_dropout=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own deprecations
        compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
        for lengths in (LENGTHS, [5, 2]):
            batch = stacked.new_batch(layer, lengths).ragged
            found = []
            for call in (compiled, layer):
                torch.manual_seed(1)  # the same features are dropped
                layer.zero_grad()
                output, states = call(batch)
                (output.values.sum() + states.c.sum()).backward()
                found.append([output.values, *states, *(p.grad for p in layer.parameters())])
            for a, b in zip(*found, strict=True):
                assert_same_bits(a.detach(), b.detach())
    torch._dynamo.reset()
