"""The LSTM layers, one above the other, forward and backward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.artifact import layer_names
from bothways.training._embedding import Embedded

Floats = NDArray[np.float32]


class Layer(NamedTuple):
    """What a layer read, `rows (M,)` of `x` or all of it, token `t` row `row_of[t]` or row
    `t` of those, and its states."""

    x: Floats
    rows: NDArray[np.int32] | None
    row_of: NDArray[np.int32] | None
    states: kernels.LstmStates


def layers_forward(
    tensors: Mapping[str, Floats],
    embedded: Embedded,
    offsets: NDArray[np.int64],
    masks: tuple[Floats | None, ...],
    threads: int,
) -> list[Layer]:
    """The first layer reads the embedded words, each other one the outputs of the one below.

    `masks`, one `(N, D * H)` or None for each layer above the first, are multiplied to what
    it reads, the same at every step of a text.
    """
    layers = [
        _layer(tensors, 0, embedded.x, embedded.rows, embedded.row_of, offsets, threads),
    ]
    for k, mask in enumerate(masks, 1):
        x = _times(layers[-1].states.output, mask, offsets)
        layers.append(_layer(tensors, k, x, None, None, offsets, threads))
    return layers


def _layer(tensors, k, x, rows, row_of, offsets, threads) -> Layer:
    """Project what is read, each row once, and run the recurrence."""
    kernel, recurrent, bias = (tensors[name] for name in layer_names(k))
    projected = kernels.project(x, kernel, bias, rows=rows, threads=threads)
    states = kernels.lstm_forward(projected, offsets, recurrent, index=row_of, threads=threads)
    return Layer(x, rows, row_of, states)


def layers_backward(
    tensors: Mapping[str, Floats],
    layers: list[Layer],
    offsets: NDArray[np.int64],
    masks: tuple[Floats | None, ...],
    d_output: Floats | None,
    d_h_n: Floats | None,
    threads: int,
) -> tuple[dict[str, Floats], Floats]:
    """The gradients of the layers' tensors, and of the rows that the first one projected.

    `d_output (T, D * H)` and `d_h_n (D, N, H)` are those of the last layer's states.
    """
    gradients: dict[str, Floats] = {}
    for k in reversed(range(len(layers))):
        x, rows, row_of, states = layers[k]
        kernel, recurrent, bias = layer_names(k)
        d_projected, gradients[recurrent], _, _ = kernels.lstm_backward(
            states,
            offsets,
            tensors[recurrent],
            index=row_of,
            rows=len(x if rows is None else rows),
            d_output=d_output,
            d_h_n=d_h_n,
            threads=threads,
        )
        gradients[kernel], gradients[bias] = kernels.project_backward_kernel(
            x, d_projected, rows=rows, threads=threads
        )
        d_x = kernels.project_backward_input(d_projected, tensors[kernel], threads=threads)
        if k:
            d_output, d_h_n = _times(d_x, masks[k - 1], offsets), None
    return gradients, d_x


def _times(x, mask, offsets):
    """`x (T, F)` times the row of `mask (N, F)` of each token's text."""
    return x if mask is None else x * np.repeat(mask, np.diff(offsets), axis=0)
