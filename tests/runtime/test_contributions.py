"""Contributions sum to the score, and are derivatives where the change is small."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import Ragged
from bothways.artifact import LayerSpec, NetworkSpec
from bothways.runtime import Network
from bothways.runtime._contributions import contributions


def network(rng, *args, temperature=1.0, **options):
    spec = NetworkSpec(5, 7, *args, **options)
    tensors = {
        name: rng.standard_normal(shape).astype(np.float32) / 2
        for name, shape in spec.tensor_shapes(30).items()
    }
    tensors["dense.kernel"] *= 5
    return Network(spec, tensors, temperature=temperature)


def logits(of, rows):
    """The scores of one text whose words are projected to `rows (T, D * 4H)`."""
    other = Network.__new__(Network)
    vars(other).update(vars(of), projected=rows)
    ids = np.arange(len(rows), dtype=np.int32)
    return other.logits(Ragged(ids, np.array([0, len(rows)])))[0]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_they_sum_to_the_score(rng, bidirectional, merge, pooling, layers):
    net = network(rng, bidirectional, merge, pooling, 3, layers=layers, temperature=1.7)
    reference = np.tile(net.inputs[0][1], 1)
    for length in (1, 2, 40):
        ids = rng.integers(0, 30, length).astype(np.int32)
        found = contributions(net, ids, 1, reference)
        expected = logits(net, net.projected[ids])[1]
        assert found.by_reader.shape == (length, 2 if bidirectional else 1)
        total = float(found.by_reader.sum(dtype=np.float64)) + found.base
        bound = 1e-4 + 1e-6 * np.abs(found.by_reader).sum()
        assert abs(total - expected) <= bound
        if length == 40:
            assert abs(found.by_reader).sum() > 100 * bound  # the bound says something
        if pooling != "max":  # whose reference is read where the text has its maxima
            assert found.base == pytest.approx(
                logits(net, np.tile(reference, (length, 1)))[1], rel=1e-5, abs=1e-5
            )


LOWER = (LayerSpec(4, True, "mul"), LayerSpec(3, False, "concat"), LayerSpec(5, True, "ave"))


@pytest.mark.parametrize("options", [{"layers": 4, "lower_layers": LOWER}, {"zero_under": 12}])
def test_networks_from_elsewhere(rng, options):
    net = network(rng, True, "concat", "max", 1, **options)
    for length in (5, 30):
        ids = rng.integers(0, 30, length).astype(np.int32)
        found = contributions(net, ids, 0, np.tile(net.inputs[0][1], 1))
        expected = float(net.logits(Ragged(ids, np.array([0, length])))[0, 0])
        assert found.by_reader.shape == (length, 2)
        sizes = np.abs(found.by_reader).sum()
        assert abs(found.by_reader.sum() + found.base - expected) <= 1e-4 + 1e-6 * sizes < sizes


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("merge", ["concat", "mul"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_of_a_small_change_they_are_the_derivative(rng, merge, pooling, layers):
    """Seen by moving the projected rows of each reader by a little, one at a time."""
    net = network(rng, True, merge, pooling, 1, layers=layers)
    ids, step = np.array([3, 8, 21, 4], np.int32), 1e-3
    words = net.projected[ids]
    reference = words - np.float32(1e-3) * rng.standard_normal(words.shape).astype(np.float32)
    found = contributions(net, ids, 0, reference).by_reader
    direction = (words - reference) / 1e-3
    for t in range(4):
        for d, columns in enumerate((slice(0, 28), slice(28, 56))):
            sides = []
            for sign in (1, -1):
                rows = words.copy()
                rows[t, columns] += np.float32(sign * step) * direction[t, columns]
                sides.append(float(logits(net, rows)[0]))
            derivative = (sides[0] - sides[1]) / (2 * step)
            assert found[t, d] / 1e-3 == pytest.approx(derivative, rel=0.05, abs=2e-2)


def test_each_reader_is_explained_as_if_it_were_alone(rng):
    """Side by side and read at the end, neither knows of the other."""
    both = network(rng, True, "concat", "last", 1)
    ids = rng.integers(0, 30, 12).astype(np.int32)
    reference = np.tile(both.inputs[0][1], 1)
    found = contributions(both, ids, 0, reference).by_reader
    kernel, bias = both.inputs[0]
    alone = Network(
        NetworkSpec(5, 7, False, "concat", "last", 1),
        {
            "embedding.weight": np.zeros((30, 5), np.float32),
            "lstm.kernel": kernel[:, :28],
            "lstm.recurrent_kernel": both.recurrent[0].weights[:1],
            "lstm.bias": bias[:28],
            "dense.kernel": both.dense[0][:7],
            "dense.bias": both.dense[1],
        },
    )
    alone.projected = np.ascontiguousarray(both.projected[:, :28])
    forward = contributions(alone, ids, 0, reference[:28]).by_reader
    np.testing.assert_allclose(found[:, 0], forward[:, 0], rtol=1e-4, atol=1e-6)


def test_what_a_reader_has_not_read_yet_contributes_nothing(rng):
    """The forward reader's maxima come from states, and no state knows later words."""
    net = network(rng, False, "concat", "max", 1)
    ids = rng.integers(0, 30, 30).astype(np.int32)
    last = int(net.outputs(Ragged(ids, np.array([0, 30]))).argmax(axis=0).max())
    found = contributions(net, ids, 0, np.tile(net.inputs[0][1], 1)).by_reader[:, 0]
    assert (found[last + 1 :] == 0).all()
    assert (found[: last + 1] != 0).all()
