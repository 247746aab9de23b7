"""First weights have the distributions that Keras draws from."""

from __future__ import annotations

import numpy as np
import pytest

from bothways.artifact import NetworkSpec
from bothways.training import initial_tensors

SPEC = NetworkSpec(60, 40, True, "concat", "last", 3, layers=2)


@pytest.fixture
def tensors(rng):
    return initial_tensors(SPEC, 500, rng)


def uniform(values, bound):
    """Within the bound, up to it, and evenly: a fifth of the values in each fifth."""
    assert np.abs(values).max() <= np.float32(bound) * (1 + 1e-6)
    shares = np.histogram(values, 5, (-bound, bound))[0] / values.size
    np.testing.assert_allclose(shares, 0.2, atol=4 * (0.16 / values.size) ** 0.5)


def test_names_shapes_and_types(tensors):
    assert {k: v.shape for k, v in tensors.items()} == SPEC.tensor_shapes(500)
    for tensor in tensors.values():
        assert tensor.dtype == np.float32 and tensor.flags.c_contiguous


def test_embedding_and_kernels_are_uniform(tensors):
    uniform(tensors["embedding.weight"], 0.05)
    for name, inputs in (("lstm.kernel", 60), ("lstm.1.kernel", 80)):
        for direction in np.split(tensors[name], 2, axis=1):
            uniform(direction, (6 / (inputs + 160)) ** 0.5)
    uniform(tensors["dense.kernel"], (6 / (80 + 3)) ** 0.5)


def test_recurrent_kernels_are_orthogonal(tensors):
    for name in ("lstm.recurrent_kernel", "lstm.1.recurrent_kernel"):
        for direction in tensors[name]:
            np.testing.assert_allclose(direction @ direction.T, np.eye(40), atol=1e-6)
    assert (tensors["lstm.recurrent_kernel"][0] != tensors["lstm.recurrent_kernel"][1]).any()


def test_orthogonal_directions_are_all_alike(rng):
    """Without the sign of the diagonal the first component would never be positive."""
    spec = NetworkSpec(2, 1, False, "concat", "last", 1)
    drawn = [initial_tensors(spec, 2, rng)["lstm.recurrent_kernel"][0, 0] for _ in range(2000)]
    np.testing.assert_allclose(np.mean(drawn, axis=0), 0, atol=4 * 0.5 / 2000**0.5)


def test_biases_are_zero_but_one_for_the_forget_gate(tensors):
    for name in ("lstm.bias", "lstm.1.bias"):
        i, f, g, o = tensors[name].reshape(2, 4, 40).swapaxes(0, 1)
        assert (f == 1).all() and not np.concatenate([i, g, o]).any()
    assert not tensors["dense.bias"].any()


def test_the_seed_decides():
    a, b, c = (initial_tensors(SPEC, 9, np.random.default_rng(s)) for s in (1, 1, 2))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])
    assert (a["lstm.kernel"] != c["lstm.kernel"]).all()
