"""A tiny model whose every number is known."""

import numpy as np
import pytest

from bothways.artifact import NetworkSpec, Spec, VectorizerSpec


def _make_spec(**changes) -> Spec:
    vectorizer = {
        "max_tokens": 10,
        "standardize": "lower_and_strip_punctuation",
        "split": "whitespace",
        "output_sequence_length": 6,
        "unicode": False,
        "truncate": "head",
        "vocabulary": ("", "[UNK]", "good", "bad", "été"),
    }
    network = {
        "embedding_dim": 3,
        "hidden_size": 2,
        "bidirectional": True,
        "merge": "concat",
        "pooling": "last",
        "outputs": 1,
        "dropout": 0.5,
    }
    whole = {
        "task": "classification",
        "labels": ("neg", "pos"),
        "training": {"preset": "classic", "seed": 0, "epochs": 3},
        "quality": {"accuracy": 0.875},
        "bothways_version": "0.1.0",
    }
    later = (
        "mask",
        "embedding_dropout",
        "layers",
        "input_dropout",
        "layer_dropout",
        "word_dropout",
        "multilabel",
    )
    for key, value in changes.items():
        part = vectorizer if key in vectorizer else network if key in network else whole
        (network if key in later else part)[key] = value
    return Spec(**whole, vectorizer=VectorizerSpec(**vectorizer), network=NetworkSpec(**network))


def _make_tensors(spec: Spec, start: int = 0) -> dict[str, np.ndarray]:
    return {
        name: (np.arange(np.prod(shape), dtype=np.float32) / 8 + start + index).reshape(shape)
        for index, (name, shape) in enumerate(spec.tensor_shapes.items())
    }


@pytest.fixture
def make_spec():
    """`make_spec(**fields)`: the tiny spec with some fields changed, in whichever part."""
    return _make_spec


@pytest.fixture
def make_tensors():
    """`make_tensors(spec, start=0)`: tensors that fit, in a known pattern."""
    return _make_tensors


@pytest.fixture
def spec() -> Spec:
    return _make_spec()


@pytest.fixture
def tensors(spec) -> dict[str, np.ndarray]:
    return _make_tensors(spec)
