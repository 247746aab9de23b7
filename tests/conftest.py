"""What every test may use."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bothways import kernels

# Keras reads it once: its own choice, TensorFlow, is not needed here.
os.environ.setdefault("KERAS_BACKEND", "torch")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(params=["scalar", "avx2", "avx512", "avx512bf16", "amx"])
def isa(request):
    """Each instruction tier in turn; the tier is asserted to be the one that ran."""
    with using(request.param) as tier:
        yield tier


@contextmanager
def using(tier):
    """Within it the kernels are those of `tier`; where the CPU lacks it the test is skipped."""
    if tier not in kernels.available_isas():
        pytest.skip(f"this CPU has no {tier}")
    before = kernels.isa()
    kernels.set_isa(tier)
    yield tier
    assert kernels.isa() == tier
    kernels.set_isa(before)


@pytest.fixture(scope="session", autouse=True)
def cache_of_shards(tmp_path_factory):
    """Training from shards keeps nothing in the user's folder."""
    os.environ["BOTHWAYS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def rng():
    return np.random.default_rng(20051)


@pytest.fixture(scope="session")
def shared_data():
    """The real data, where it lies beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared data is not here")
    return SHARED


WORDS = ("good", "fine", "bad", "poor", "film", "book", "the", "a", "very", "not")


def tiny_corpus(rows=60, seed=0):
    """Texts whose label a single word decides."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(rows):
        label = str(rng.choice(["neg", "pos"]))
        words = [str(w) for w in rng.choice(WORDS[4:], rng.integers(1, 9))]
        words.insert(int(rng.integers(0, len(words))), "good" if label == "pos" else "bad")
        texts.append(" ".join(words))
        labels.append(label)
    return texts, labels


@pytest.fixture(scope="session")
def tiny_classifier():
    """A small classifier that has learned its corpus."""
    from dataclasses import replace

    from bothways import TextClassifier
    from bothways.training import preset

    recipe = replace(
        preset("classic"), embedding_dim=8, hidden_size=6, epochs=12, learning_rate=2e-2
    )
    texts, labels = tiny_corpus()
    return TextClassifier(preset=recipe, validation=0.25).fit(texts, labels)


@pytest.fixture(scope="session")
def tiny_model(tiny_classifier, tmp_path_factory):
    """The folder of that classifier."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_classifier.save(folder)
    return folder
