"""Ten training steps of real Keras, followed without torch: tests/golden/make_keras_classic.py.

Tolerances as in tests/nn/test_keras_golden.py, where they are explained.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bothways import Ragged
from bothways.artifact import NetworkSpec
from bothways.optim import RMSprop
from bothways.runtime import Network
from bothways.training import ClassifierNetwork, train_step

GOLDEN = Path(__file__).parents[1] / "golden" / "keras_classic.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as file:
        assert "keras 3.15.1" in str(file["versions"])
        return {name: file[name] for name in file.files}


def weights(golden, prefix):
    """Keras's weights by our names."""
    w = {k.removeprefix(prefix): v for k, v in golden.items() if k.startswith(prefix)}
    ways = ("forward", "backward")
    return {
        "embedding.weight": w["embedding"],
        "lstm.kernel": np.concatenate([w[f"{way}_kernel"] for way in ways], axis=1),
        "lstm.recurrent_kernel": np.stack([w[f"{way}_recurrent_kernel"] for way in ways]),
        "lstm.bias": np.concatenate([w[f"{way}_bias"] for way in ways]),
        "dense.kernel": w["dense_kernel"],
        "dense.bias": w["dense_bias"],
    }


def probabilities(network, batches):
    """As Keras gives them: that of the second label where there are two."""
    runtime = Network(network.spec, network.tensors)
    found = np.stack([runtime.probabilities(ids) for ids in batches])
    return found[..., 1:] if network.spec.outputs == 1 else found


@pytest.mark.parametrize("case, merge, outputs", [("binary", "concat", 1), ("three", "sum", 3)])
def test_ten_training_steps_follow_keras(isa, golden, case, merge, outputs, rng):
    start, end = weights(golden, f"{case}/start/"), weights(golden, f"{case}/end/")
    I, H = start["embedding.weight"].shape[1], start["lstm.recurrent_kernel"].shape[1]  # noqa: E741
    network = ClassifierNetwork(NetworkSpec(I, H, True, merge, "last", outputs), start)
    optimizer = RMSprop(network.tensors)  # Keras's defaults
    batches = [Ragged.from_padded(ids, ids != 0) for ids in golden[f"{case}/ids"]]
    before = probabilities(network, batches)
    np.testing.assert_allclose(before, golden[f"{case}/before"], rtol=2e-6, atol=1e-6)
    losses = [
        train_step(network, optimizer, ids, labels, 1e-3, rng)
        for ids, labels in zip(batches, golden[f"{case}/labels"], strict=True)
    ]
    np.testing.assert_allclose(losses, golden[f"{case}/loss"], rtol=2e-6)
    for name, value in end.items():
        np.testing.assert_allclose(network.tensors[name], value, rtol=0, atol=1e-6, err_msg=name)
        moved = np.abs(value - start[name]).max()
        assert moved > (5e-5 if name == "dense.bias" else 2e-3), name
    after = probabilities(network, batches)
    np.testing.assert_allclose(after, golden[f"{case}/after"], rtol=2e-6, atol=1e-6)
