"""What PyTorch's modules answer, computed from their state in plain NumPy and float64.

By the formulas of PyTorch's documentation of `nn.LSTM`, on padded ids and with its names, knowing
nothing of our layout: an import is compared with this. It is slow and never optimised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import NetworkSpec
from bothways.interop._torch_state import names_of

Array = NDArray[np.float64]


def scores(
    n: NetworkSpec, state: Mapping[str, NDArray[Any]], ids: NDArray[Any], lengths: NDArray[Any]
) -> Array:
    """What `dense` gives for ids `(N, L)` and lengths `(N,)`: `(N, outputs)`."""
    w = {name: array.astype(np.float64, copy=False) for name, array in state.items()}
    within = np.arange(ids.shape[1]) < lengths[:, None]
    x = w["embedding.weight"][ids]
    for k, layer in enumerate(n.stack):
        both = [
            _direction(x, within, *(w[name] for name in names_of(n, k, d)), backward=d == 1)
            for d in range(layer.directions)
        ]
        last = _joined([h_n for _, h_n in both], layer.merge)
        x = _joined([output for output, _ in both], layer.merge)
    return _pooled(n, x, last, within) @ w["dense.weight"].T + w["dense.bias"]


def _direction(
    x: Array, within: NDArray[np.bool_], ih: Array, hh: Array, b_ih: Array, b_hh: Array, *,
    backward: bool,
) -> tuple[Array, Array]:  # fmt: skip
    """`output (N, L, H)`, zeros in the padding, and `h_n (N, H)`."""
    h = c = np.zeros((len(x), hh.shape[1]))
    output = np.zeros((*x.shape[:2], hh.shape[1]))
    steps = range(x.shape[1])
    for t in reversed(steps) if backward else steps:
        i, f, g, o = np.split(x[:, t] @ ih.T + b_ih + h @ hh.T + b_hh, 4, axis=1)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        here = within[:, t, None]
        c, h = np.where(here, new_c, c), np.where(here, sigmoid(o) * np.tanh(new_c), h)
        output[:, t] = np.where(here, h, 0)
    return output, h


def _joined(both: list[Array], merge: str) -> Array:
    if len(both) == 1 or merge == "concat":
        return np.concatenate(both, axis=-1)
    total = both[0] * both[1] if merge == "mul" else both[0] + both[1]
    return total / 2 if merge == "ave" else total


def _pooled(n: NetworkSpec, x: Array, last: Array, within: NDArray[np.bool_]) -> Array:
    """Of a text without a token: zeros."""
    if n.pooling == "last":
        return last
    count = within.sum(axis=1)[:, None]
    if n.pooling == "mean":
        return np.where(within[:, :, None], x, 0).sum(axis=1) / np.maximum(count, 1)
    largest = np.where(within[:, :, None], x, -np.inf).max(axis=1, initial=-np.inf)
    largest = np.where(count > 0, largest, 0)
    return np.where(count < n.zero_under, np.maximum(largest, 0), largest)


def sigmoid(x: Array) -> Array:
    """`1 / (1 + exp(-x))`."""
    return 0.5 + 0.5 * np.tanh(x / 2)


def softmax(x: Array) -> Array:
    """Each row of `x (N, C)` as probabilities."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
