"""Pooling over the tokens of each sequence; one without tokens pools to zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.kernels import _kernels
from bothways.kernels._border import empty, floats, native, offsets64

Floats = NDArray[np.float32]


def mean_forward(x: ArrayLike, offsets: ArrayLike) -> Floats:
    """The mean over tokens of `x (T, F)` float32: `(N, F)`."""
    return _forward(_kernels.mean_forward, x, offsets)


def mean_backward(d_out: ArrayLike, offsets: ArrayLike) -> Floats:
    """The gradient of `x`, `(T, F)`, from that of its means, `(N, F)`."""
    return _backward(_kernels.mean_backward, d_out, offsets)


def last_forward(x: ArrayLike, offsets: ArrayLike) -> Floats:
    """The last token of `x (T, F)` float32: `(N, F)`."""
    return _forward(_kernels.last_forward, x, offsets)


def last_backward(d_out: ArrayLike, offsets: ArrayLike) -> Floats:
    """The gradient of `x`, `(T, F)`, from that of its last tokens, `(N, F)`."""
    return _backward(_kernels.last_backward, d_out, offsets)


def max_forward(x: ArrayLike, offsets: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """The maximum over tokens of `x (T, F)` float32, and the token it came from: `(N, F)` each.

    The first of equal tokens counts; a NaN counts as the largest; -1 where there is no token.
    """
    x, offsets = floats(x, "x", 2), offsets64(offsets)
    out = empty(len(offsets) - 1, x.shape[1])
    where = np.empty(out.shape, np.int64)
    native(_kernels.max_forward, x, offsets, out, where)
    return out, where


def max_backward(d_out: ArrayLike, where: NDArray[np.int64], tokens: int) -> Floats:
    """The gradient of `x`, `(tokens, F)`, from that of its maxima, `(N, F)`."""
    d_out = floats(d_out, "d_out", 2)
    d_x = empty(tokens, d_out.shape[1])
    native(_kernels.max_backward, d_out, np.ascontiguousarray(where), d_x)
    return d_x


def _forward(kernel, x, offsets):
    x, offsets = floats(x, "x", 2), offsets64(offsets)
    out = empty(len(offsets) - 1, x.shape[1])
    native(kernel, x, offsets, out)
    return out


def _backward(kernel, d_out, offsets):
    d_out, offsets = floats(d_out, "d_out", 2), offsets64(offsets)
    d_x = empty(int(offsets[-1]), d_out.shape[1])
    native(kernel, d_out, offsets, d_x)
    return d_x
