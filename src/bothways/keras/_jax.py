"""The kernels under Keras's JAX backend, inside `jit`: XLA calls them without Python.

How this is done: https://docs.jax.dev/en/latest/ffi.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bothways import kernels

Array = Any
_FORWARD, _BACKWARD = "bothways_lstm_forward", "bothways_lstm_backward"
HANDLERS = kernels.jax_handlers()
if HANDLERS is not None:
    for _name, _handler in zip((_FORWARD, _BACKWARD), HANDLERS, strict=True):
        jax.ffi.register_ffi_target(_name, _handler, platform="cpu")


def run(
    x: Array,
    mask: Array | None,
    kernel: Array,
    bias: Array,
    recurrent: Array,
    h0: Array,
    c0: Array,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Array | None, Array, Array]:
    """As `_torch.run`. `vmap` calls the kernels for one batch after another."""
    mask = jnp.ones(x.shape[:2], bool) if mask is None else mask
    output, h, c = _lstm(reverse, sequences, x, mask, kernel, bias, recurrent, h0, c0)
    return output if sequences else None, h, c


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _lstm(reverse, sequences, x, mask, *weights_and_states):
    return tuple(_forward(reverse, sequences, False, x, mask, *weights_and_states)[:3])


def _forward(reverse, sequences, keep, x, mask, kernel, bias, recurrent, h0, c0):
    """Output, `h_n`, `c_n` and the trace; what is not asked for has no elements.

    The trace has room for every step, as how many are masked is not known when XLA plans: the
    rest is never touched.
    """
    (N, L, _), (D, H, _) = x.shape, recurrent.shape
    shapes = (
        (N, L, D * H) if sequences else (0, 0, 0),
        *((D, N, H), (D, N, H)),
        (D, N * L, 6 * H) if keep else (0, 0, 0),
    )
    return _call(_FORWARD, reverse, shapes, x, mask, kernel, bias, recurrent, h0, c0)


def _call(name, reverse, shapes, *arguments):
    results = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    call = jax.ffi.ffi_call(name, results, vmap_method="sequential")
    return call(*arguments, reversed=reverse, threads=np.int64(kernels.default_threads()))


def _keep(reverse, sequences, x, mask, kernel, bias, recurrent, h0, c0):
    *results, trace = _forward(reverse, sequences, True, x, mask, kernel, bias, recurrent, h0, c0)
    return tuple(results), (x, mask, kernel, recurrent, h0, c0, trace)


def _gradients(reverse, sequences, kept, above):
    x, _, kernel, recurrent, h0, c0, _ = kept
    shapes = [a.shape for a in (x, kernel, kernel[0], recurrent, h0, c0)]
    d_x, *others = _call(_BACKWARD, reverse, shapes, *kept, *above)
    return d_x, None, *others


_lstm.defvjp(_keep, _gradients)


def before_first(h0: Array) -> Array:
    """What Keras puts out before the first step that counts: the initial state."""
    return h0


def hold(output: Array, mask: Array, first: Array) -> Array:
    """As `_torch.hold`."""
    L = output.shape[1]
    place = jax.lax.cummax(jnp.arange(1, L + 1) * mask, axis=1)
    known = jnp.concatenate([first[:, None], output], axis=1)
    return jnp.take_along_axis(known, place[:, :, None], axis=1)
