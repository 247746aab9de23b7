"""Which texts go into which batch."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.errors import ArgumentError


def batches(
    lengths: ArrayLike,
    batch_size: int,
    *,
    rng: np.random.Generator | None = None,
    bucket: int | None = None,
) -> Iterator[NDArray[np.int64]]:
    """The indices of each batch; every text is in exactly one, and the last may be short.

    `lengths`, `(N,)` integers, are tokens a text. Without `rng` the texts come in order;
    with it they are shuffled. `bucket=k` shuffles, sorts by length within windows of `k`
    batches, cuts the windows into batches and shuffles the batches. There is no padding to
    be saved here, but a batch takes as many steps as its longest text, and a step costs less
    a token the more texts are still running in it: texts of similar length keep it full. The
    price is that a short text meets mostly short ones; a few dozen batches a window leave
    enough chance.

    Returns an iterator of arrays, `(batch_size,)` int64 or fewer in one of them.

    Raises `ArgumentError` at once if a size is not positive, `bucket` comes without `rng`,
    or `lengths` is not one row of integers.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or (lengths.size and lengths.dtype.kind not in "iu"):
        raise ArgumentError(
            f"got lengths of shape {lengths.shape} and type {lengths.dtype}, "
            "expected one row of integers"
        )
    for name, value in (("batch_size", batch_size), ("bucket", bucket)):
        if value is not None and not (isinstance(value, Integral) and value >= 1):
            raise ArgumentError(f"got {name}={value!r}, expected a whole number of at least 1")
    if bucket is not None and rng is None:
        raise ArgumentError(f"got bucket={bucket} without rng: batches in order are not sorted")

    order = np.arange(len(lengths), dtype=np.int64)
    if rng is None:
        return iter(_cut(order, batch_size))
    rng.shuffle(order)
    if bucket is None:
        return iter(_cut(order, batch_size))
    groups: list[NDArray[np.int64]] = []
    for window in _cut(order, batch_size * bucket):
        by_length = window[np.argsort(lengths[window], kind="stable")]
        groups.extend(_cut(by_length, batch_size))
    return (groups[index] for index in rng.permutation(len(groups)))


def _cut(order: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [order[start : start + size] for start in range(0, len(order), size)]
