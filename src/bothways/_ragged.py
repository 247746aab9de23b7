"""Sequences of different lengths, one after another, without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Ragged:
    """A batch of `N` sequences with `T` steps in all.

    `values`, shape `(T, ...)`, holds the steps of all sequences one after another;
    sequence `n` is `values[offsets[n]:offsets[n + 1]]`. `offsets`, shape `(N + 1,)`
    int64, starts at 0, never falls and ends at `T`. This is Arrow's list layout,
    torch's jagged layout and FlashAttention's `cu_seqlens`.

    Raises `ArgumentError` if the offsets lie.

    >>> batch = Ragged.from_list([[3, 4, 5], [], [6]])
    >>> len(batch), batch.lengths.tolist(), batch[0].tolist()
    (3, [3, 0, 1], [3, 4, 5])
    """

    values: NDArray
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values))
        object.__setattr__(self, "offsets", check_offsets(self.offsets, len(self.values)))

    @classmethod
    def from_list(cls, sequences: Sequence[ArrayLike], dtype: type = np.int32) -> Ragged:
        """From `N` sequences of steps; a step may itself be an array."""
        arrays: list[NDArray] = [np.asarray(sequence, dtype=dtype) for sequence in sequences]
        widest = max((array.ndim for array in arrays if array.size), default=1)
        shape = next((a.shape[1:] for a in arrays if a.ndim == widest and a.size), ())
        arrays = [array.reshape(-1, *shape) for array in arrays]
        values = np.concatenate(arrays) if arrays else np.zeros((0,), dtype)
        return cls.from_lengths(values, [len(array) for array in arrays])

    @classmethod
    def from_lengths(cls, values: ArrayLike, lengths: Iterable[int]) -> Ragged:
        """From steps already joined, and the length of each sequence, `(N,)`."""
        lengths = np.fromiter(lengths, np.int64)
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(np.asarray(values), offsets)

    @classmethod
    def from_padded(cls, padded: ArrayLike, mask: ArrayLike) -> Ragged:
        """Keep the steps of `padded`, `(N, L, ...)`, at which `mask`, `(N, L)` bool, is true.

        The mask may have any pattern: padding left, right or between, or nothing left.
        """
        padded, mask = np.asarray(padded), np.asarray(mask)
        if mask.dtype != bool or mask.shape != padded.shape[:2]:
            raise ArgumentError(
                f"the mask must be bool of shape {padded.shape[:2]}, "
                f"got {mask.dtype} of shape {mask.shape}"
            )
        return cls.from_lengths(padded[mask], mask.sum(axis=1))

    def to_padded(self, length: int | None = None, value: float = 0) -> tuple[NDArray, NDArray]:
        """`(N, L, ...)` with `value` after the end of each sequence, and its mask `(N, L)`.

        `L` is `length`, or the longest sequence. Raises `ArgumentError` if one is longer.
        """
        longest = int(self.lengths.max(initial=0))
        width = longest if length is None else length
        if width < longest:
            raise ArgumentError(f"a sequence of {longest} steps does not fit into {width}")
        mask = np.arange(width) < self.lengths[:, None]
        padded = np.full((len(self), width, *self.values.shape[1:]), value, self.values.dtype)
        padded[mask] = self.values
        return padded, mask

    def fill(self, length: int, value: float = 0) -> Ragged:
        """Each sequence filled up to `length` steps with `value`: what a network without a
        mask reads. Raises `ArgumentError` if one is longer."""
        padded, _ = self.to_padded(length, value)
        return Ragged.from_lengths(padded.reshape(-1, *self.values.shape[1:]), [length] * len(self))

    def slice(self, start: int, stop: int) -> Ragged:
        """The sequences `start` to `stop - 1`; their values are not copied."""
        offsets = self.offsets[start : min(stop, len(self)) + 1]
        return Ragged(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps in each sequence, `(N,)` int64."""
        return np.diff(self.offsets)

    def take(self, indices: ArrayLike) -> Ragged:
        """The sequences at `indices`, `(M,)`, in that order, as a new batch."""
        indices = np.asarray(indices, np.int64)
        lengths = self.lengths[indices]
        starts = self.offsets[:-1][indices]
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        steps = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
        return Ragged.from_lengths(self.values[steps], lengths)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, n: int) -> NDArray:
        if not -len(self) <= n < len(self):
            raise IndexError(f"sequence {n} of {len(self)}")
        n %= len(self)
        return self.values[self.offsets[n] : self.offsets[n + 1]]


def check_offsets(offsets: ArrayLike, total: int) -> NDArray[np.int64]:
    """Return `offsets` as contiguous int64, or raise `ArgumentError` saying how they lie."""
    checked = np.ascontiguousarray(offsets)
    if checked.ndim != 1 or len(checked) == 0 or checked.dtype.kind not in "iu":
        raise ArgumentError(
            f"offsets must be whole numbers of shape (N + 1,), "
            f"got {checked.dtype} of shape {checked.shape}"
        )
    checked = checked.astype(np.int64, copy=False)
    if checked[0] != 0 or checked[-1] != total:
        raise ArgumentError(
            f"offsets must start at 0 and end at the {total} values, "
            f"got {checked[0]} and {checked[-1]}"
        )
    falls = checked[1:] < checked[:-1]
    if falls.any():
        n = int(falls.argmax())
        raise ArgumentError(f"offsets fall from {checked[n]} to {checked[n + 1]} at sequence {n}")
    return checked
