"""LSTM layers one on another: the one place where the layers of this room call the kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bothways.errors import ArgumentError, TensorError
from bothways.kernels import Precision
from bothways.nn import _operator, _ops
from bothways.nn._packed import packed_lstm
from bothways.nn._ragged import RaggedTensor


class States(NamedTuple):
    """The state after the last step that each direction of each layer read.

    `h` and `c`, `(layers * D, N, H)`: the directions of the first layer, then those of the
    next. A sequence without steps keeps its initial state.
    """

    h: Tensor
    c: Tensor


class Weights(NamedTuple):
    """Those of one layer as the kernels read them, gates in the order i, f, g, o.

    `kernel (I, D * 4H)`, `recurrent (D, H, 4H)`, `bias (D * 4H,)`; the forward direction first.
    """

    kernel: Tensor
    recurrent: Tensor
    bias: Tensor


_NEVER = 2**31 - 1  # a checkpoint after more steps than a sequence has


class Engine(NamedTuple):
    """How the kernels compute: see `Recurrence`."""

    precision: Precision = "f32"
    checkpoint: int | None = None


def run_stack(
    batch: RaggedTensor,
    layers: Sequence[Weights],
    initial: States | None,
    drop: Callable[[Tensor], Tensor],
    engine: Engine,
    *,
    rows: Tensor | None = None,
    index: Tensor | None = None,
) -> tuple[Tensor, States]:
    """The output of the highest layer `(T, D * H)`, and the last states of all.

    Of `batch.values`, `rows` are read, or all; token `t` is row `index[t]` of those, or row `t`.
    What passes from layer to layer, `(T, D * H)`, goes through `drop`. Raises `TensorError` for
    states of another shape than `(layers * D, N, H)`.
    """
    (x, offsets), found = batch, []
    D, H, _ = layers[0].recurrent.shape
    if initial is not None:
        _check_states(initial, (len(layers) * D, offsets.shape[0] - 1, H))
    for k, weights in enumerate(layers):
        if k:
            x, rows, index = drop(x), None, None
        own = None
        if initial is not None:
            own = States(*(s[k * D : (k + 1) * D].contiguous() for s in initial))
        x, states = _run_layer(weights, RaggedTensor(x, offsets), rows, index, own, engine)
        found.append(states)
    if len(found) == 1:
        return x, found[0]
    return x, States(*map(torch.cat, zip(*found, strict=True)))


def _check_states(states: States, shape: tuple[int, int, int]) -> None:
    """Raise `TensorError` unless both have that shape."""
    for name, state in zip(("h0", "c0"), states, strict=True):
        if state.shape != shape:
            raise TensorError(f"{name} has the shape {tuple(state.shape)} and needs {shape}")


def _run_layer(weights, batch, rows, index, initial, engine) -> tuple[Tensor, States]:
    """One layer: on the CPU's kernels, or on another device through cuDNN."""
    (x, offsets), (kernel, recurrent, bias) = batch, weights
    h0, c0 = (None, None) if initial is None else initial
    if _operator.on_kernels(x):
        output, h, c, _, _ = _ops.lstm(
            *(x.contiguous(), rows, index, offsets, kernel, bias, recurrent, h0, c0, False),
            *_kept(engine),
        )
        return output, States(h, c)
    if engine != Engine():
        raise ArgumentError(
            "precision='bf16' and checkpoint are for the kernels on the CPU, "
            f"got a batch on {x.device}"
        )
    x = x if rows is None else nn.functional.embedding(rows, x, sparse=True)
    x = x if index is None else x[index.long()]
    output, h, c = packed_lstm(x, offsets, kernel, bias, recurrent, h0, c0)
    return output, States(h, c)


def _kept(engine: Engine) -> Engine:
    """`engine`; where no gradient is wanted, one that keeps no step for it: no memory that grows
    with the layers, and the same bits."""
    if torch.is_grad_enabled() or _operator.looked_on():
        return engine
    return engine._replace(checkpoint=_NEVER)
