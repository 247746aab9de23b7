"""What JAX makes of the kernels: programs, batches of batches, gradients, refusals."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from pairs import assert_alike, assert_same_bits

if keras.backend.backend() != "jax":
    pytest.skip("for the JAX backend", allow_module_level=True)

import jax
import jax.numpy as jnp

from bothways.keras import LSTM, _jax, _torch


def numbers(N, L, I, H, D, seed=0):  # noqa: E741
    """x, mask, kernel, bias, recurrent, h0, c0."""
    rng = np.random.default_rng(seed)
    shapes = ((N, L, I), (I, D * 4 * H), (D * 4 * H,), (D, H, 4 * H), (D, N, H), (D, N, H))
    x, *others = (rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes)
    return x, rng.random((N, L)) < 0.6, *others


@pytest.mark.parametrize("D, reverse", [(1, False), (1, True), (2, False)])
@pytest.mark.parametrize("sequences", [False, True])
def test_xla_and_torch_call_the_same_kernels(D, reverse, sequences):
    """To the bit, with the gradients: one is written in C++, the other in Python."""
    import torch

    given = numbers(9, 17, 12, 10, D)
    options = {"reverse": reverse, "sequences": sequences}

    def total(x, mask, *others):
        found = [f for f in _jax.run(x, mask, *others, **options) if f is not None]
        return sum((f * f).sum() for f in found), found

    places = (0, *range(2, 7))
    gradients, found = jax.jit(jax.grad(total, places, has_aux=True))(*map(jnp.asarray, given))
    tensors = [torch.tensor(g, requires_grad=k != 1) for k, g in enumerate(given)]
    theirs = [f for f in _torch.run(*tensors, **options) if f is not None]
    sum((f * f).sum() for f in theirs).backward()
    for a, b in zip(found, theirs, strict=True):
        assert_same_bits(np.asarray(a), b.detach().numpy())
    for a, k in zip(gradients, places, strict=True):
        assert_same_bits(np.asarray(a), tensors[k].grad.numpy())


def test_batches_of_batches():
    batches = [numbers(3, 5, 4, 6, 2, seed) for seed in range(3)]
    weights = batches[0][2:]

    def last(x, mask):
        return _jax.run(x, mask, *weights, reverse=False, sequences=True)

    x, mask = (jnp.stack([b[k] for b in batches]) for k in (0, 1))
    together = jax.vmap(last)(x, mask)
    for k in range(3):
        for a, b in zip(together, last(x[k], mask[k]), strict=True):
            assert_same_bits(np.asarray(a[k]), np.asarray(b))


def test_what_is_recomputed_is_the_same():
    given = numbers(3, 5, 4, 6, 1)

    def total(kernel, x, mask, *others):
        return _jax.run(x, mask, kernel, *others, reverse=False, sequences=False)[1].sum()

    x, mask, kernel, *others = map(jnp.asarray, given)
    arguments = (kernel, x, mask, *others)
    plain = jax.grad(total)(*arguments)
    assert_same_bits(np.asarray(jax.grad(jax.checkpoint(total))(*arguments)), np.asarray(plain))
    step = 1e-2
    direction = jnp.asarray(np.random.default_rng(1).normal(size=kernel.shape), jnp.float32)
    ends = [total(kernel + sign * step * direction, *arguments[1:]) for sign in (1, -1)]
    slope = float(ends[0] - ends[1]) / (2 * step)
    assert_alike([np.float32([slope * 1e-2])], [np.float32([(plain * direction).sum() * 1e-2])])


def test_arrays_that_do_not_fit_are_refused_by_the_handler():
    x, mask, kernel, *others = map(jnp.asarray, numbers(3, 5, 4, 6, 1))
    with pytest.raises(Exception, match="kernel has another shape than the others need"):
        jax.block_until_ready(
            _jax.run(x, mask, kernel[:3], *others, reverse=False, sequences=False)
        )


def test_without_handlers_keras_s_own_way_is_taken(monkeypatch):
    monkeypatch.setattr(_jax, "HANDLERS", None)
    with pytest.warns(UserWarning, match="compiled without jaxlib's headers"):
        LSTM(3)(np.zeros((2, 5, 4), np.float32))


def test_elsewhere_keras_s_own_way_is_taken(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.warns(UserWarning, match="JAX computes on gpu, the kernels run on the CPU"):
        LSTM(3)(np.zeros((2, 5, 4), np.float32), mask=np.ones((2, 5), bool))
