"""What every function here does with its arguments before native code runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.errors import ArgumentError
from bothways.kernels import _kernels


def floats(array: ArrayLike, name: str, ndim: int) -> NDArray[np.float32]:
    """`array` as contiguous float32, copied only if it is strided.

    Another dtype is refused: a conversion would hide a copy, and the precision.
    """
    if type(array) is np.ndarray and array.dtype == np.float32 and array.ndim == ndim:
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)
    result = np.asarray(array)
    if result.dtype != np.float32 or result.ndim != ndim:
        raise ArgumentError(
            f"{name} must be float32 with {ndim} dimensions, got {result.dtype} with {result.ndim}"
        )
    return np.ascontiguousarray(result)


def maybe_floats(array: ArrayLike | None, name: str, ndim: int) -> NDArray[np.float32] | None:
    """As `floats`, and None stays None."""
    return None if array is None else floats(array, name, ndim)


def ids32(array: ArrayLike, name: str) -> NDArray[np.int32]:
    """Whole numbers of shape (T,) as contiguous int32; `ArgumentError` if one does not fit."""
    result = np.asarray(array)
    if result.ndim != 1 or result.dtype.kind not in "iu":
        raise ArgumentError(
            f"{name} must be whole numbers of shape (T,), got {result.dtype} of {result.shape}"
        )
    if result.dtype != np.int32:
        if result.size and (result.max() > 2**31 - 1 or result.min() < -(2**31)):
            raise ArgumentError(f"{name} must fit into 32 bits")
        result = result.astype(np.int32)
    return np.ascontiguousarray(result)


def offsets64(array: ArrayLike) -> NDArray[np.int64]:
    """Offsets as contiguous int64; whether they are true is checked on the other side."""
    result = np.asarray(array)
    if result.ndim != 1 or not len(result) or result.dtype.kind not in "iu":
        raise ArgumentError(
            f"offsets must be whole numbers of shape (N + 1,), got {result.dtype} of {result.shape}"
        )
    return np.ascontiguousarray(result, np.int64)


def in_place(array: NDArray, name: str, dtype: type, ndim: int) -> NDArray:
    """`array` itself, to be written into: a copy would take the result with it."""
    if array.dtype != dtype or array.ndim != ndim or not array.flags.carray:
        raise ArgumentError(
            f"{name} is updated in place and must be contiguous {np.dtype(dtype)} with {ndim} "
            f"dimensions, got {array.dtype} with {array.ndim}"
            f"{'' if array.flags.carray else ', not contiguous or not writeable'}"
        )
    return array


def empty(*shape: int) -> NDArray[np.float32]:
    """An uninitialised float32 array, in memory that the kernels keep and use again if it is
    large: fresh pages from the system cost as much as the arithmetic that fills them."""
    count = math.prod(shape)
    if count < 65_536:
        return np.empty(shape, np.float32)
    return _kernels.empty(count).reshape(shape)


def trim_memory() -> int:
    """Give back to the system what the kernels keep for their next call; its bytes."""
    return int(_kernels.trim_memory())


def native(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a compiled kernel; what it refuses becomes an `ArgumentError`."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ArgumentError(str(error)) from None
