"""Networks from elsewhere, whose layers differ."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import Ragged
from bothways.artifact import LayerSpec, NetworkSpec, layer_names
from bothways.errors import ArgumentError
from bothways.kernels import reference
from bothways.runtime import Network
from bothways.training import check_trainable, new_learner, preset

LOWER = (LayerSpec(4, True, "mul"), LayerSpec(3, False, "concat"), LayerSpec(5, True, "ave"))


def weights(spec, rng):
    shapes = spec.tensor_shapes(30)
    return {name: rng.standard_normal(s).astype(np.float32) for name, s in shapes.items()}


def merged(both, layer):
    if not layer.bidirectional or layer.merge == "concat":
        return both
    forward, backward = np.split(both, 2, axis=1)
    ways = {
        "sum": forward + backward,
        "mul": forward * backward,
        "ave": (forward + backward) / 2,
    }
    return ways[layer.merge]


def plain_outputs(spec, tensors, ids):
    """The merged outputs of the last layer by the reference kernels in float64."""
    x = reference.gather(tensors["embedding.weight"].astype(np.float64), ids.values)
    for k, layer in enumerate(spec.stack):
        kernel, recurrent, bias = (tensors[name].astype(np.float64) for name in layer_names(k))
        projected = reference.project(x, kernel, bias)
        x = merged(reference.lstm_forward(projected, ids.offsets, recurrent).output, layer)
    return x


@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_layers_that_differ_are_the_reference(rng, bidirectional, merge, pooling):
    spec = NetworkSpec(5, 7, bidirectional, merge, pooling, 2, layers=4, lower_layers=LOWER)
    tensors = weights(spec, rng)
    assert tensors["lstm.1.kernel"].shape == (4, 12)  # products are as wide as one direction
    assert tensors["lstm.2.kernel"].shape == (3, 40)
    ids = Ragged.from_list([rng.integers(0, 30, n) for n in (4, 0, 1, 9)])
    pool = {"mean": reference.mean_forward, "max": lambda *a: reference.max_forward(*a)[0]}
    expected = pool[pooling](plain_outputs(spec, tensors, ids), ids.offsets)
    np.testing.assert_allclose(Network(spec, tensors).features(ids), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("merge", ["concat", "sum"])
def test_a_short_text_has_zeros_behind_it(rng, merge):
    ids = Ragged.from_list([rng.integers(0, 30, n) for n in (4, 0, 3, 9)])
    spec = NetworkSpec(5, 7, True, merge, "max", 2, layers=1, zero_under=4)
    tensors = weights(spec, rng)
    expected = reference.max_forward(plain_outputs(spec, tensors, ids), ids.offsets)[0]
    assert (expected[2:] < 0).any(axis=1).all()
    expected[2] = np.maximum(expected[2], 0)  # the only one that has tokens, and too few
    np.testing.assert_allclose(Network(spec, tensors).features(ids), expected, rtol=1e-5, atol=1e-6)


def test_they_are_not_trained():
    recipe = preset("classic")
    for spec, part in (
        (NetworkSpec(4, 3, True, "concat", "max", 1, layers=4, lower_layers=LOWER), "differ"),
        (NetworkSpec(4, 3, True, "concat", "max", 1, zero_under=9), "zeros behind"),
    ):
        with pytest.raises(ArgumentError, match=part):
            check_trainable(spec)
        with pytest.raises(ArgumentError, match=part), new_learner(spec, 9, recipe):
            pass
