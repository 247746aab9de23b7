"""The LSTM layers, one above the other, forward and backward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.artifact import layer_names
from bothways.kernels import Precision
from bothways.runtime import Ahead, lookahead_backward, lookahead_forward
from bothways.training._embedding import Embedded

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]


class Engine(NamedTuple):
    """How the kernels compute: the precision of products, the steps between checkpoints (None:
    everything is kept for the way back), and the number of threads. `lookahead`: from how far
    ahead of each token the only layer reads back to it (None: from the end of the text)."""

    precision: Precision
    checkpoint: int | None
    threads: int
    lookahead: int | None = None


class Layer(NamedTuple):
    """What a layer read, `rows (M,)` of `x` or all of it, token `t` row `row_of[t]` or row
    `t` of those; these rows projected, `(M, D * 4H)`; and its states."""

    x: Floats
    rows: Ids | None
    row_of: Ids | None
    projected: Floats
    states: kernels.LstmStates | Ahead


def layers_forward(
    tensors: Mapping[str, Floats],
    embedded: Embedded,
    offsets: NDArray[np.int64],
    masks: tuple[Floats | None, ...],
    output: bool,
    engine: Engine,
) -> list[Layer]:
    """The first layer reads the embedded words, each other one the outputs of the one below.

    `masks`, one `(N, D * H)` or None for each layer above the first, are multiplied to what
    it reads, the same at every step of a text. The last layer's outputs are there if `output`.
    """
    x = embedded.x
    rows: Ids | None = embedded.rows
    row_of: Ids | None = embedded.row_of
    layers: list[Layer] = []
    for k, mask in enumerate((None, *masks)):
        if k:
            x, rows, row_of = _times(layers[-1].states.output, mask, offsets), None, None
        every = output or k < len(masks)
        layers.append(_layer(tensors, k, x, rows, row_of, offsets, every, engine))
    return layers


def _layer(tensors, k, x, rows, row_of, offsets, output, engine) -> Layer:
    """Project what is read, each row once, and run the recurrence."""
    kernel, recurrent, bias = (tensors[name] for name in layer_names(k))
    how: dict[str, Any] = {"precision": engine.precision, "threads": engine.threads}
    projected = kernels.project(x, kernel, bias, rows=rows, **how)
    if engine.lookahead is not None:
        ahead = lookahead_forward(
            *(projected, offsets, recurrent, engine.lookahead),
            index=row_of,
            interval=engine.checkpoint,
            **how,
        )
        return Layer(x, rows, row_of, projected, ahead)
    states = kernels.lstm_forward(
        *(projected, offsets, recurrent),
        index=row_of,
        output=output,
        interval=engine.checkpoint,
        **how,
    )
    return Layer(x, rows, row_of, projected, states)


def layers_backward(
    tensors: Mapping[str, Floats],
    layers: list[Layer],
    offsets: NDArray[np.int64],
    masks: tuple[Floats | None, ...],
    d_output: Floats | None,
    d_h_n: Floats | None,
    engine: Engine,
) -> tuple[dict[str, Floats], Floats]:
    """The gradients of the layers' tensors, and of the rows that the first one projected.

    `d_output (T, D * H)` and `d_h_n (D, N, H)` are those of the last layer's states.
    """
    gradients: dict[str, Floats] = {}
    how: dict[str, Any] = {"precision": engine.precision, "threads": engine.threads}
    for k in reversed(range(len(layers))):
        x, rows, row_of, projected, states = layers[k]
        kernel, recurrent, bias = layer_names(k)
        if isinstance(states, Ahead):
            assert d_output is not None and row_of is not None
            d_projected, gradients[recurrent] = lookahead_backward(
                *(states, projected, offsets, tensors[recurrent], d_output),
                index=row_of,
                interval=engine.checkpoint,
                **how,
            )
        else:
            d_projected, gradients[recurrent], _, _ = kernels.lstm_backward(
                *(states, projected, offsets, tensors[recurrent]),
                index=row_of,
                d_output=d_output,
                d_h_n=d_h_n,
                interval=engine.checkpoint,
                **how,
            )
        gradients[kernel], gradients[bias] = kernels.project_backward_kernel(
            x, d_projected, rows=rows, **how
        )
        d_x = kernels.project_backward_input(d_projected, tensors[kernel], **how)
        if k:
            d_output, d_h_n = _times(d_x, masks[k - 1], offsets), None
    return gradients, d_x


def _times(x, mask, offsets):
    """`x (T, F)` times the row of `mask (N, F)` of each token's text."""
    return x if mask is None else x * np.repeat(mask, np.diff(offsets), axis=0)
