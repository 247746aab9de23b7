"""Rows of several files as one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any, overload

from bothways.data._dataset import Dataset


class _Places(Sequence[str]):
    """Where each row of several parts stood, said when it is asked for: strings of all would
    take more memory than short texts do."""

    def __init__(self, parts: Sequence[Dataset]) -> None:
        # not the datasets themselves, which hold the texts
        self._names = [part.source for part in parts]
        self._units = [part.unit for part in parts]
        self._rows = [part.rows for part in parts]
        self._ends = list(accumulate(len(part) for part in parts))

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        n = range(len(self))[index]
        part = bisect_right(self._ends, n)
        row = self._rows[part][n - self._ends[part]]  # from the end of the part
        return f"{self._names[part]}, {self._units[part]} {row}"


def joined(parts: Sequence[Dataset], source: str) -> Dataset:
    """The rows of several datasets, one or more, one after another.

    Labels that some parts lack, all lack; where some have sets of labels, all have them.
    """
    sets = any(part.label_sets is not None for part in parts)
    return Dataset(
        texts=list(chain.from_iterable(part.texts for part in parts)),
        labels=None if sets else _column(parts, lambda part: part.labels),
        source=source,
        rows=_Places(parts),
        unit="",
        weights=_column(parts, lambda part: part.weights),
        label_sets=_column(parts, lambda part: part.sets) if sets else None,
        held_out=_column(parts, lambda part: part.held_out),
    )


def _column(parts: Sequence[Dataset], of: Callable[[Dataset], list[Any] | None]) -> Any:
    columns = [of(part) for part in parts]
    whole = [column for column in columns if column is not None]
    return list(chain.from_iterable(whole)) if len(whole) == len(columns) else None
