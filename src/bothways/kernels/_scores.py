"""Elementwise functions whose bits depend on the argument alone.

NumPy's own may take another path for the last few elements of an array, and then a score
would depend on the batch it is in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.kernels import _kernels
from bothways.kernels._border import floats, native

Floats = NDArray[np.float32]


def sigmoid(x: ArrayLike) -> Floats:
    """`1 / (1 + exp(-x))` of float32 of any shape, to 4 units in the last place."""
    return _elementwise(_kernels.sigmoid, x)


def tanh(x: ArrayLike) -> Floats:
    """`tanh(x)` of float32 of any shape, to 6 units in the last place."""
    return _elementwise(_kernels.tanh, x)


def softmax(x: ArrayLike) -> Floats:
    """Each row of `x (N, C)` float32 as probabilities, `(N, C)`."""
    x = floats(x, "x", 2)
    out = np.empty_like(x)
    native(_kernels.softmax, x, out)
    return out


def _elementwise(kernel, x):
    x = np.asarray(x)
    flat = floats(x.reshape(-1), "x", 1)
    out = np.empty_like(flat)
    native(kernel, flat, out)
    return out.reshape(x.shape)
