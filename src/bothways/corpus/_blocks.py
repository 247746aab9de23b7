"""The texts of one part of a corpus as ids, in blocks on disk, of which any can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways._ragged import Ragged
from bothways.corpus._runs import arrow
from bothways.errors import CacheError

BLOCK = 1 << 20
"""Bytes of a block, about; a text is never divided."""

ROW = 32
"""Bytes that a text takes besides 4 for each of its ids, about."""

Labels = NDArray[np.int32] | Ragged


class Rows(NamedTuple):
    """`N` texts: `ids (T,)` int32; their labels, `(N,)` int32, or, of several a text, as a
    `Ragged` of int32; `weights (N,)` float32, or None."""

    ids: Ragged
    labels: Labels
    weights: NDArray[np.float32] | None

    @classmethod
    def join(cls, parts: Sequence[Rows]) -> Rows:
        weights = [part.weights for part in parts if part.weights is not None]
        return cls(
            _join([part.ids for part in parts]),
            _join([part.labels for part in parts]),
            np.concatenate(weights) if weights else None,
        )

    def take(self, indices: NDArray[np.int64]) -> Rows:
        """The texts at `indices`, in that order."""
        labels = self.labels
        return Rows(
            self.ids.take(indices),
            labels.take(indices) if isinstance(labels, Ragged) else labels[indices],
            None if self.weights is None else self.weights[indices],
        )

    def slice(self, start: int, stop: int) -> Rows:
        """Texts `start` to `stop - 1`, without a copy."""
        labels = self.labels
        return Rows(
            self.ids.slice(start, stop),
            labels.slice(start, stop) if isinstance(labels, Ragged) else labels[start:stop],
            None if self.weights is None else self.weights[start:stop],
        )


class Blocks(NamedTuple):
    """`B` blocks: each is batch `number` of the Arrow file `files[shard]`, and has `rows` texts
    with `tokens` ids; all four `(B,)` int64."""

    files: tuple[str, ...]
    shard: NDArray[np.int64]
    number: NDArray[np.int64]
    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]

    @classmethod
    def of(cls, parts: Iterable[tuple[str, Mapping[str, Any]]]) -> Blocks:
        """From the files, and what `bothways.corpus._encode` notes of each."""
        files: list[str] = []
        columns = [np.zeros((4, 0), np.int64)]
        for path, noted in parts:
            count = len(noted["rows"])
            own = [np.full(count, len(files)), np.arange(count), noted["rows"], noted["tokens"]]
            columns.append(np.array(own, np.int64).reshape(4, count))
            files.append(path)
        return cls(tuple(files), *np.concatenate(columns, axis=1))

    @property
    def texts(self) -> int:
        return int(self.rows.sum())

    def read(self, block: int, start: int = 0, stop: int | None = None) -> Rows:
        """Some texts of a block, copied out of the mapped file, which is then given back.

        Raises `CacheError` if the file is not there any more.
        """
        path = self.files[self.shard[block]]
        pa = arrow()
        try:
            with pa.memory_map(path) as file:
                batch = pa.ipc.open_file(file).get_batch(int(self.number[block]))
                rows = rows_of(batch)
                rows = rows.slice(start, len(rows.ids) if stop is None else stop)
                return Rows.join([rows])
        except (OSError, pa.ArrowException) as error:
            reason = str(error).partition("\n")[0]
            raise CacheError(f"{path}: the cache changed while it was read ({reason})") from None

    def in_order(self, order: Iterable[int]) -> Iterator[Rows]:
        """Whole blocks, one after another."""
        return (self.read(block) for block in order)


def rows_of(batch: Any) -> Rows:
    """A record batch of the file, without a copy."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    label, weight = columns["label"], columns.get("weight")
    return Rows(
        _ragged(columns["ids"]),
        _ragged(label) if label.type.num_fields else label.to_numpy(),
        None if weight is None else weight.to_numpy(),
    )


def _ragged(lists: Any) -> Ragged:
    offsets = lists.offsets.to_numpy()
    values = lists.values.to_numpy()
    return Ragged(values[offsets[0] : offsets[-1]], offsets - offsets[0])


def _join(parts: Sequence[Any]) -> Any:
    if not isinstance(parts[0], Ragged):
        return np.concatenate(parts)
    ends = np.cumsum([0, *(len(part.values) for part in parts)])
    offsets = [part.offsets[1:] + end for part, (end, _) in zip(parts, pairwise(ends), strict=True)]
    return Ragged(
        np.concatenate([part.values for part in parts]),
        np.concatenate([np.zeros(1, np.int64), *offsets]),
    )
