"""Real Keras on the same weights, batches and masks: tests/golden/make_keras_classic.py.

Keras ran in float32 too, so neither side is the truth. Over ten steps of training the roundings
of both sides pass through weights and moments. What is seen is 2e-7 of the loss and 6e-8 in a
weight; tenfold that and more is allowed, for other machines' sums.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, RMSprop

GOLDEN = Path(__file__).parents[1] / "golden" / "keras_classic.npz"
FORWARD = {"rtol": 2e-6, "atol": 1e-6}
CASES = {"binary": "concat", "three": "sum"}


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as file:
        assert "keras 3.15.1" in str(file["versions"])
        return {name: file[name] for name in file.files}


def part(golden, prefix):
    """The arrays under `prefix/`, as tensors."""
    start = prefix + "/"
    return {k[len(start) :]: torch.from_numpy(v) for k, v in golden.items() if k.startswith(start)}


def recurrence(weights):
    """Keras's two directions in the layout of `Bidirectional`."""
    f, b = ({k: weights[f"{way}_{k}"] for k in NAMES} for way in ("forward", "backward"))
    return {
        "kernel": torch.cat([f["kernel"], b["kernel"]], dim=1),
        "recurrent_kernel": torch.stack([f["recurrent_kernel"], b["recurrent_kernel"]]),
        "bias": torch.cat([f["bias"], b["bias"]]),
    }


NAMES = ("kernel", "recurrent_kernel", "bias")


def load(layer, weights):
    with torch.no_grad():
        for name, value in recurrence(weights).items():
            getattr(layer, name).copy_(value)
    return layer


class Classic(nn.Module):
    """The classic model in small, from the layers alone."""

    def __init__(self, weights, merge):
        super().__init__()
        (V, I), H = weights["embedding"].shape, len(weights["forward_recurrent_kernel"])  # noqa: E741
        self.recurrent = load(EmbeddingLSTM(V, I, H, merge=merge), weights)
        with torch.no_grad():
            self.recurrent.embedding.copy_(weights["embedding"])
        self.dense_kernel = nn.Parameter(weights["dense_kernel"].clone())
        self.dense_bias = nn.Parameter(weights["dense_bias"].clone())

    def forward(self, ids, *, ragged):
        mask = ids != 0
        if ragged:
            batch = RaggedTensor.from_list([row[keep] for row, keep in zip(ids, mask, strict=True)])
            _, states = self.recurrent(batch)
        else:
            _, states = self.recurrent(ids, mask)
        return self.recurrent.last(states) @ self.dense_kernel + self.dense_bias

    def weights(self):
        r = self.recurrent
        named = {"embedding": r.embedding, **{name: getattr(r, name) for name in NAMES}}
        named |= {"dense_kernel": self.dense_kernel, "dense_bias": self.dense_bias}
        return {k: v.detach() for k, v in named.items()}


def probabilities(logits):
    return logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(dim=1)


def loss_of(logits, labels):
    if logits.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
    return nn.functional.cross_entropy(logits, labels)


@pytest.mark.parametrize("ragged", [True, False], ids=["ragged", "padded"])
@pytest.mark.parametrize("case, merge", CASES.items())
def test_ten_training_steps_follow_keras(isa, golden, case, merge, ragged):
    keras = part(golden, case)
    model = Classic(part(golden, f"{case}/start"), merge)
    optimizer = RMSprop(model.parameters())  # Keras's defaults
    with torch.no_grad():
        before = torch.stack([probabilities(model(ids, ragged=ragged)) for ids in keras["ids"]])
    torch.testing.assert_close(before, keras["before"], **FORWARD)
    losses = []
    for ids, labels in zip(keras["ids"], keras["labels"], strict=True):
        optimizer.zero_grad()
        loss = loss_of(model(ids, ragged=ragged), labels)
        loss.backward()
        assert model.recurrent.embedding.grad.is_sparse
        optimizer.step()
        losses.append(loss.detach())
    torch.testing.assert_close(torch.stack(losses), keras["loss"], rtol=2e-6, atol=0)

    # One step moves a weight by about 1e-3; they may differ by a thousandth of that.
    end = part(golden, f"{case}/end")
    expected = {k: v for k, v in end.items() if not k.startswith(("forward", "backward"))}
    ours, start = model.weights(), part(golden, f"{case}/start")
    for name, value in {**expected, **recurrence(end)}.items():
        torch.testing.assert_close(
            ours[name], value, rtol=0, atol=1e-6, msg=lambda m, n=name: n + m
        )
    with torch.no_grad():
        after = torch.stack([probabilities(model(ids, ragged=ragged)) for ids in keras["ids"]])
    torch.testing.assert_close(after, keras["after"], **FORWARD)
    # The comparison is of something: training moved all weights by several steps, but for the
    # bias of the output, whose steps nearly cancel.
    for name, value in start.items():
        moved = float((end[name] - value).abs().max())
        assert moved > (5e-5 if name == "dense_bias" else 2e-3), name
    assert torch.equal(ours["embedding"][0], start["embedding"][0])  # padding learns nothing


@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
def test_outputs_under_masks_are_those_of_keras(isa, golden, merge):
    """At the steps that count. At masked steps we give zeros, and so does Keras there."""
    keras = part(golden, "layer")
    layer = load(Bidirectional(3, 4, merge=merge), part(golden, "layer/weight"))
    mask, empty = keras["mask"], ~keras["mask"].any(dim=1)
    output, states = layer(keras["inputs"], mask)
    expected = keras[f"{merge}/sequences"]
    torch.testing.assert_close(output[mask], expected[mask], **FORWARD)
    assert (output[~mask] == 0).all() and (expected[~mask] == 0).all()
    torch.testing.assert_close(layer.last(states), keras[f"{merge}/last"], **FORWARD)
    assert empty.any() and (layer.last(states)[empty] == 0).all()
    for way, d in (("forward", 0), ("backward", 1)):
        torch.testing.assert_close(states.h[d], keras[f"state/{way}_h"], **FORWARD)
        torch.testing.assert_close(states.c[d], keras[f"state/{way}_c"], **FORWARD)


def test_the_golden_masks_have_every_pattern(golden):
    mask = golden["layer/mask"]
    rows = {"".join("01"[int(step)] for step in row) for row in mask}
    assert {"1" * 7, "0" * 7} < rows
    inside = [row.strip("0") for row in rows]
    assert any("0" in row for row in inside)  # holes
    assert any(row.startswith("0") and row.endswith("1") for row in rows)  # left
    assert any(a != b for a, b in pairwise(sorted(rows)))
