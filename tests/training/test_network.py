"""The network's loss and gradients, all of them, against its plain equations in float64.

Contributions of steps and texts cancel in places: roundings of float32 are seen up to 5e-6 of
a tensor's largest gradient; four times that is allowed. A wrong term shows in the first digits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain
import pytest

from bothways import Ragged, kernels
from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.kernels import _isa
from bothways.optim import RMSprop, RowGradient
from bothways.training import ClassifierNetwork, initial_tensors, train_step
from bothways.training._dropout import draw_masks

V = 9
MERGES = ["concat", "sum", "mul", "ave", "one direction"]
DROPOUTS = {
    "none": {},
    "features": {"dropout": 0.4},
    "words": {"embedding_dropout": 0.4},
    "inputs": {"input_dropout": 0.4},
    "whole words": {"word_dropout": 0.4},
    "whole words and inputs": {"word_dropout": 0.3, "input_dropout": 0.3},
    "words and inputs": {"embedding_dropout": 0.3, "input_dropout": 0.3},
    "layers": {"layer_dropout": 0.4},
    "all": {
        "dropout": 0.3,
        "embedding_dropout": 0.3,
        "input_dropout": 0.3,
        "layer_dropout": 0.3,
        "word_dropout": 0.3,
    },
}


def problem(rng, outputs):
    """Texts with repeated words, one without any, and their labels."""
    texts = [rng.integers(0, V, n).tolist() for n in (6, 0, 1, 9, 3)]
    return texts, rng.integers(0, max(2, outputs), len(texts))


def dense(gradients, tensors):
    """Gradients as arrays of the tensors' shapes."""
    full = {}
    for name, gradient in gradients.items():
        if isinstance(gradient, RowGradient):
            full[name] = np.zeros_like(tensors[name])
            full[name][gradient.rows] = gradient.values
        else:
            full[name] = gradient
    return full


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("dropout", DROPOUTS)
@pytest.mark.parametrize("adversarial", [0.0, 0.5])
def test_loss_and_gradients_are_those_of_the_equations(
    rng, pooling, merge, layers, dropout, adversarial
):
    rates = dict(DROPOUTS[dropout])
    if layers == 1:
        rates.pop("layer_dropout", None)
    both, outputs = merge != "one direction", int(rng.choice([1, 2, 3]))
    merge = merge if both else "concat"
    spec = NetworkSpec(4, 3, both, merge, pooling, outputs, layers=layers, **rates)
    assert_as_the_equations(rng, spec, adversarial)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("merge", MERGES[:-1])
@pytest.mark.parametrize("lookahead", [0, 2, 20])
def test_a_reader_that_looks_ahead(rng, pooling, merge, lookahead):
    """From fewer and from more tokens ahead than the texts have."""
    spec = NetworkSpec(4, 3, True, merge, pooling, 1, lookahead=lookahead, dropout=0.3)
    assert_as_the_equations(rng, spec)


@pytest.mark.parametrize("merge", ["concat", "mul"])
def test_looking_ahead_with_all_else(isa, rng, merge):
    rates = DROPOUTS["words and inputs"]
    spec = NetworkSpec(4, 3, True, merge, "max", 3, lookahead=3, **rates)
    assert_as_the_equations(rng, spec, adversarial=0.5, checkpoint=2)
    assert kernels.isa() == isa


def assert_as_the_equations(rng, spec, adversarial=0.0, checkpoint=None):
    outputs = spec.outputs
    tensors = initial_tensors(spec, V, rng)
    tensors["embedding.weight"] *= 20  # as after some training
    for name, tensor in tensors.items():
        if name.endswith("bias"):  # with all at their first values, states may be equal, namely 0
            tensor += rng.normal(size=tensor.shape).astype(np.float32) / 4
    texts, labels = problem(rng, outputs)
    ids = Ragged.from_list(texts)

    network = ClassifierNetwork(spec, tensors, adversarial=adversarial, checkpoint=checkpoint)
    loss, gradients = network.loss_and_gradients(ids, labels, np.random.default_rng(5))
    words = len({word for text in texts for word in text})
    masks = draw_masks(spec, len(texts), words, np.random.default_rng(5))
    expected_loss, expected = plain.loss_and_gradients(
        spec, tensors, texts, labels, masks, adversarial
    )

    assert loss == pytest.approx(expected_loss, rel=1e-6)
    assert gradients.keys() == tensors.keys()
    assert len(gradients["embedding.weight"].rows) == words
    for name, gradient in dense(gradients, tensors).items():
        scale = np.abs(expected[name]).max()
        assert scale > 1e-6, name
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(
            gradient, expected[name], rtol=0, atol=2e-5 * scale, err_msg=name
        )
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(network.tensors[name], tensor)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("input_dropout, adversarial", [(0.0, 0.0), (0.3, 0.0), (0.0, 0.5)])
def test_the_bits_do_not_depend_on_threads(isa, rng, pooling, input_dropout, adversarial):
    spec = NetworkSpec(
        *(40, 24, True, "concat", pooling, 3),
        layers=2,
        dropout=0.5,
        embedding_dropout=0.2,
        layer_dropout=0.2,
        input_dropout=input_dropout,
    )
    assert_same_bits(rng, spec, adversarial)


def test_nor_those_of_a_reader_that_looks_ahead(isa, rng):
    assert_same_bits(rng, NetworkSpec(40, 24, True, "concat", "max", 3, lookahead=4))


def assert_same_bits(rng, spec, adversarial=0.0):
    """On a batch that is large enough to be divided."""
    tensors = initial_tensors(spec, 600, rng)
    ids = Ragged.from_list([rng.integers(0, 600, n) for n in rng.integers(0, 150, 32)])
    labels = rng.integers(0, 3, 32)
    runs = []
    for threads in (1, 2, 3):
        network = ClassifierNetwork(spec, tensors, adversarial=adversarial)
        own = np.random.default_rng(0)
        optimizer = RMSprop(network.tensors)
        losses = [
            train_step(network, optimizer, ids, labels, 1e-2, own, threads=threads)
            for _ in range(3)
        ]
        runs.append((losses, network.tensors))
    for losses, trained in runs[1:]:
        assert losses == runs[0][0]
        for name, tensor in trained.items():
            np.testing.assert_array_equal(tensor, runs[0][1][name])
    assert runs[0][0][2] < runs[0][0][0]


def test_a_step_is_one_of_the_optimizer(rng):
    """On the gradients of the weights before it, after the rows were made ready."""
    spec = NetworkSpec(4, 3, True, "concat", "last", 1, dropout=0.5)
    tensors, seen = initial_tensors(spec, V, rng), []

    class Plain(RMSprop):
        def ready(self, name, rows, *, threads=None):
            seen.append((name, rows.tolist()))

        def step(self, gradients, *, rate, threads=None):
            for name, gradient in dense(gradients, self.parameters).items():
                self.parameters[name] -= np.float32(rate) * gradient

    network = ClassifierNetwork(spec, tensors)
    ids, labels = Ragged.from_list([[3, 1, 3], [8]]), np.array([0, 1])
    expected, gradients = ClassifierNetwork(spec, tensors).loss_and_gradients(
        ids, labels, np.random.default_rng(1)
    )
    optimizer = Plain(network.tensors)
    loss = train_step(network, optimizer, ids, labels, 0.5, np.random.default_rng(1))
    assert loss == expected
    assert seen == [("embedding.weight", [1, 3, 8])]
    for name, gradient in dense(gradients, tensors).items():
        np.testing.assert_array_equal(
            network.tensors[name], tensors[name] - np.float32(0.5) * gradient
        )


def test_a_network_has_tensors_of_its_own(rng):
    spec = NetworkSpec(4, 3, True, "concat", "last", 1)
    first, second = (initial_tensors(spec, V, rng) for _ in range(2))
    network = ClassifierNetwork(spec, {k: np.asfortranarray(v) for k, v in first.items()})
    RMSprop(network.tensors)  # takes none that are strided
    own = dict(network.tensors)
    network.load_tensors(second)
    for name, tensor in own.items():
        assert network.tensors[name] is tensor
        np.testing.assert_array_equal(tensor, second[name])
        assert not np.shares_memory(tensor, first[name])


@pytest.mark.parametrize(
    ("pooling", "layers", "lookahead"),
    [*((pooling, n, None) for pooling in ("last", "mean", "max") for n in (1, 2)), ("max", 1, 7)],
)
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_checkpoints_change_no_bit(rng, monkeypatch, pooling, layers, lookahead, precision):
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    dropout = {"dropout": 0.5, "input_dropout": 0.3, "layer_dropout": 0.2 if layers > 1 else 0}
    more = {"layers": layers, "lookahead": lookahead, **dropout}
    spec = NetworkSpec(4, 3, True, "concat", pooling, 1, **more)
    tensors = initial_tensors(spec, V, rng)
    ids = Ragged.from_list([rng.integers(0, V, n) for n in (7, 0, 1, 23)])
    labels = np.array([0, 1, 1, 0])
    results = []
    for checkpoint in (None, 1, 5):
        network = ClassifierNetwork(spec, tensors, precision=precision, checkpoint=checkpoint)
        results.append(network.loss_and_gradients(ids, labels, np.random.default_rng(1)))
    for loss, gradients in results[1:]:
        assert loss == results[0][0]
        for name, gradient in gradients.items():
            expected = results[0][1][name]
            if isinstance(gradient, RowGradient):
                np.testing.assert_array_equal(gradient.rows, expected.rows)
                gradient, expected = gradient.values, expected.values
            np.testing.assert_array_equal(gradient, expected)


def test_bf16_is_near_f32_and_not_the_same(rng, monkeypatch):
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    spec = NetworkSpec(16, 12, True, "concat", "last", 1)
    tensors = initial_tensors(spec, V, rng)
    tensors["embedding.weight"] *= 10
    ids = Ragged.from_list([rng.integers(0, V, n) for n in (7, 0, 1, 23)])
    labels = np.array([0, 1, 1, 0])
    exact, rounded = (
        ClassifierNetwork(spec, tensors, precision=p).loss_and_gradients(ids, labels, rng)[1]
        for p in ("f32", "bf16")
    )
    for name in ("lstm.kernel", "lstm.recurrent_kernel"):
        scale = np.abs(exact[name]).max()
        assert 0 < np.abs(exact[name] - rounded[name]).max() < 0.02 * scale


def test_what_is_refused(rng):
    spec = NetworkSpec(4, 3, True, "concat", "last", 1)
    tensors = initial_tensors(spec, V, rng)
    with pytest.raises(ArgumentError, match="precision must be 'f32' or 'bf16', got 'f16'"):
        ClassifierNetwork(spec, tensors, precision="f16")
    with pytest.raises(ArgumentError, match="checkpoint must be a whole number from 1, got 0"):
        ClassifierNetwork(spec, tensors, checkpoint=0)
    network = ClassifierNetwork(spec, tensors)
    for word in (-1, V):
        with pytest.raises(ArgumentError, match="id"):
            network.loss_and_gradients(Ragged.from_list([[word]]), np.array([0]), rng)


def test_drawn_weights_have_the_shapes_of_the_spec_and_follow_the_tier(isa, rng):
    spec = replace(NetworkSpec(4, 3, True, "mul", "mean", 2), layers=2)
    tensors = initial_tensors(spec, V, rng)
    assert {k: v.shape for k, v in tensors.items()} == spec.tensor_shapes(V)
    texts, labels = problem(rng, 2)
    ClassifierNetwork(spec, tensors).loss_and_gradients(Ragged.from_list(texts), labels, rng)
    assert kernels.isa() == isa
