"""The torch network for a GPU, on the CPU: the same loss and gradients as the kernels'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways import Ragged
from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.nn import RaggedTensor, kernel_threads
from bothways.optim import RowGradient
from bothways.training import (
    ClassifierNetwork,
    Examples,
    KernelLearner,
    Preset,
    fit,
    initial_tensors,
    new_learner,
)
from bothways.training._torch import TorchLearner, TorchNetwork, torch_settings

V = 12
specs = st.builds(
    NetworkSpec,
    embedding_dim=st.integers(1, 9),
    hidden_size=st.integers(1, 9),
    bidirectional=st.booleans(),
    merge=st.sampled_from(["concat", "sum", "mul", "ave"]),
    pooling=st.sampled_from(["last", "mean", "max"]),
    outputs=st.integers(1, 4),
    layers=st.integers(1, 3),
    multilabel=st.booleans(),
)
batches = st.lists(st.lists(st.integers(0, V - 1), max_size=9), min_size=1, max_size=6)


@settings(deadline=None, max_examples=150)
@given(specs, batches, st.integers(0, 2**16), st.booleans())
def test_loss_and_gradients_are_equal_to_rounding(spec, texts, seed, weighted):
    rng = np.random.default_rng(seed)
    tensors = initial_tensors(spec, V, rng)
    for tensor in tensors.values():
        tensor += rng.normal(size=tensor.shape).astype(np.float32) / 2
    labels = rng.integers(0, max(2, spec.outputs), len(texts))
    if spec.multilabel:
        labels = rng.integers(0, 2, (len(texts), spec.outputs)).astype(bool)
    ids = Ragged.from_list(texts)
    weights = rng.uniform(0, 3, len(texts)).astype(np.float32) if weighted else None
    loss, gradients = ClassifierNetwork(spec, tensors).loss_and_gradients(
        ids, labels, rng, weights=weights
    )

    network = TorchNetwork(spec, tensors)
    theirs = network.loss(
        network(RaggedTensor.from_ragged(ids)),
        torch.from_numpy(labels),
        None if weights is None else torch.from_numpy(weights),
    )
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-5, abs=1e-7)
    for name, parameter in network.named().items():
        expected = parameter.grad.to_dense().numpy() if parameter.grad.is_sparse else parameter.grad
        ours = gradients[name]
        if isinstance(ours, RowGradient):
            ours = np.zeros_like(tensors[name])
            ours[gradients[name].rows] = gradients[name].values
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6, err_msg=name)


SPEC = NetworkSpec(8, 5, True, "concat", "last", 1, dropout=0.3, embedding_dropout=0.2)
CHOICES = [("rmsprop", 0.0), ("adam", 0.0), ("adamw", 0.05)]
RECIPE = Preset("test", learning_rate=2e-2, batch_size=8, epochs=6)


def trained(seed=0, **changes):
    """A run of the torch learner on the CPU, and its history."""
    rng = np.random.default_rng(1)
    texts = [rng.integers(2, V, rng.integers(0, 9)) for _ in range(60)]
    examples = Examples(Ragged.from_list(texts), np.array([int((t == 5).any()) for t in texts]))
    tensors = initial_tensors(SPEC, V, np.random.default_rng(seed))
    with torch_settings(seed, 1):
        learner = TorchLearner(SPEC, tensors, RECIPE, device="cpu")
        history = fit(learner, examples, examples, RECIPE, seed=seed)
    return learner.tensors(), history


def test_the_loop_trains_it_and_the_seed_decides():
    first, history = trained()
    again, other = trained()[0], trained(seed=1)[0]
    assert history.epochs[-1].train_loss < 0.8 * history.epochs[0].train_loss
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert (first["lstm.kernel"] != other["lstm.kernel"]).any()


@pytest.mark.parametrize("adversarial", [0.0, 0.5])
@pytest.mark.parametrize("optimizer, weight_decay", CHOICES)
def test_both_learners_walk_the_same_way(optimizer, weight_decay, adversarial):
    """Steps over batches that share few words, so that rows fall behind."""
    spec = NetworkSpec(8, 5, True, "sum", "mean", 3)
    recipe = replace(
        RECIPE, optimizer=optimizer, weight_decay=weight_decay, adversarial=adversarial
    )
    tensors, rng = initial_tensors(spec, 60, np.random.default_rng(0)), np.random.default_rng(1)
    ours = KernelLearner(spec, tensors, recipe, rng=rng)
    theirs = TorchLearner(spec, tensors, recipe, device="cpu")
    for _ in range(25):
        texts = rng.integers(0, 60, (3, 4))
        texts[:, 3] = texts[:, 0]  # a word that stands twice in its text
        ids, labels = Ragged.from_list(texts.tolist()), rng.integers(0, 3, 3)
        weights = rng.uniform(0, 2, 3).astype(np.float32)
        losses = [learner.step(ids, labels, 1e-2, weights) for learner in (ours, theirs)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for name, tensor in theirs.tensors().items():
        np.testing.assert_allclose(ours.tensors()[name], tensor, rtol=0, atol=1e-4, err_msg=name)
        assert np.abs(tensor - tensors[name]).max() > 0.02, name


@pytest.mark.parametrize("dropout", ["embedding_dropout", "word_dropout", "input_dropout"])
def test_a_moved_text_is_read_with_the_same_dropout(dropout):
    """Moved by next to nothing it has the same loss, and so twice the gradient."""
    spec = NetworkSpec(8, 5, True, "concat", "max", 1, dropout=0.5, **{dropout: 0.5})
    tensors = initial_tensors(spec, V, np.random.default_rng(0))
    ids, labels = Ragged.from_list([[3, 4, 5, 3], [], [6, 7]]), np.array([0, 1, 1])
    found = {}
    for adversarial in (0.0, 1e-6):
        with torch_settings(3, 1):
            recipe = replace(RECIPE, adversarial=adversarial)
            learner = TorchLearner(spec, tensors, recipe, device="cpu")
            learner.step(ids, labels, 0.0)
        found[adversarial] = {
            k: v.grad.to_dense() if v.grad.is_sparse else v.grad
            for k, v in learner.network.named().items()
        }
    for name, gradient in found[0.0].items():
        assert gradient.any(), name
        torch.testing.assert_close(found[1e-6][name], 2 * gradient, rtol=1e-3, atol=1e-5)


def test_torch_is_left_as_it_was():
    before = torch.get_num_threads(), torch.get_rng_state()
    with torch_settings(3, 2):
        assert kernel_threads() == 2 and torch.get_num_threads() == 1
        torch.rand(3)
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize(
    "spec, recipe, message",
    [
        ({}, {"precision": "bf16"}, "are for the kernels on the CPU, got precision='bf16'"),
        ({}, {"checkpoint": 9}, "are for the kernels on the CPU, .* checkpoint=9 on 'cpu'"),
        (
            {"lookahead": 3, "pooling": "max"},
            {},
            "lookahead is for the kernels on the CPU, got 3 on 'cpu'",
        ),
        ({}, {"optimizer": "sgd"}, "the optimizer must be one of .*, got 'sgd'"),
        ({}, {"weight_decay": 0.1}, "weight_decay is for the optimizer 'adamw', got 0.1 with"),
    ],
)
def test_what_it_cannot_do_is_said(spec, recipe, message):
    spec = NetworkSpec(4, 3, True, "concat", **{"pooling": "last", "outputs": 1} | spec)
    tensors = initial_tensors(spec, V, np.random.default_rng(0))
    with pytest.raises(ArgumentError, match=message):
        TorchLearner(spec, tensors, Preset("test", **recipe), device="cpu")


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with (
        pytest.raises(ArgumentError, match="torch sees no GPU"),
        new_learner(SPEC, V, RECIPE, device="cuda"),
    ):
        pass
