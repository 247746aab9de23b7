"""The second pass: a shard's texts as ids, in blocks, one Arrow IPC file a part.

A record batch is a block. Its columns: `ids`, large_list<int32>; `label`, int32, or
large_list<int32> where a text may have several; and, where texts have weights, `weight`, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways._ragged import Ragged
from bothways.artifact import new_file
from bothways.corpus._blocks import BLOCK, ROW, Rows
from bothways.corpus._plan import Input, Plan
from bothways.corpus._runs import arrow
from bothways.corpus._tally import Tally
from bothways.data import Dataset, content_sum
from bothways.errors import DataError
from bothways.text import TextVectorizer

PARTS = ("train", "valid")


class Writer:
    """Rows to a file, in blocks that do not depend on the pieces in which they come."""

    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer, self._schema = writer, schema
        self._waiting: list[Rows] = []
        self._bytes = 0
        self.rows: list[int] = []
        self.tokens: list[int] = []

    def add(self, rows: Rows) -> None:
        self._waiting.append(rows)
        self._bytes += _bytes(rows.ids).sum()
        if self._bytes < BLOCK:
            return
        rows = Rows.join(self._waiting)
        ends = np.cumsum(_bytes(rows.ids))
        start = done = 0
        while ends[-1] - done >= BLOCK:
            stop = int(np.searchsorted(ends, done + BLOCK)) + 1
            self._write(rows.slice(start, stop))
            start, done = stop, int(ends[stop - 1])
        self._waiting = [rows.slice(start, len(ends))]
        self._bytes = int(ends[-1]) - done

    def finish(self) -> None:
        if self._waiting and self._bytes:
            self._write(Rows.join(self._waiting))

    def _write(self, rows: Rows) -> None:
        columns = [_lists(rows.ids), _column(rows.labels)]
        if rows.weights is not None:
            columns.append(arrow().array(rows.weights))
        self._writer.write_batch(arrow().record_batch(columns, schema=self._schema))
        self.rows.append(len(rows.ids))
        self.tokens.append(len(rows.ids.values))


def encode_shard(
    plan: Plan,
    input: Input,
    paths: Mapping[str, str],
    vectorizer: TextVectorizer,
    places: Mapping[str, int],
    learned: NDArray[np.bool_],
    sets: bool,
    going_on: Callable[[int], None],
) -> dict[str, Any]:
    """Write a shard's texts to `paths["train"]` and `paths["valid"]`; returns, of each part, `rows`
    and `tokens` of its blocks, and its `tally`.

    Label `name` is number `places[name]`. A text that chance holds out is learned from all the
    same if it has a label that is not `learned (C,)` otherwise.

    `going_on` is told the rows of each piece, and may raise. Raises `DataError`, `OSError`.
    """
    pa = arrow()
    with ExitStack() as stack:
        writers, tallies = {}, {name: Tally() for name in PARTS}
        for name in PARTS:
            file = stack.enter_context(new_file(paths[name]))
            kind = _schema(sets, plan.columns.get("weight") is not None)
            writers[name] = Writer(stack.enter_context(pa.ipc.new_file(file, kind)), kind)
        for piece, held_out in plan.parts(input):
            going_on(len(piece))
            labels = _labels(piece, places, sets)
            if plan.by_chance:
                held_out = held_out & ~_alone(labels, learned)
            for name, wanted in (("train", ~held_out), ("valid", held_out)):
                chosen = np.flatnonzero(wanted)
                if len(chosen):
                    rows = piece if len(chosen) == len(piece) else piece.take(chosen)
                    ids, cut = vectorizer.encode(rows.texts)
                    tallies[name].add_rows(rows, cut, content=content_sum(rows))
                    writers[name].add(_rows(ids, labels, chosen, rows.weights))
        for writer in writers.values():
            writer.finish()
    return {
        name: {"rows": w.rows, "tokens": w.tokens, "tally": tallies[name].document()}
        for name, w in writers.items()
    }


def _rows(ids: Ragged, labels: Any, chosen: NDArray, weights: list[float] | None) -> Rows:
    labels = labels.take(chosen) if isinstance(labels, Ragged) else labels[chosen]
    return Rows(ids, labels, None if weights is None else np.array(weights, np.float32))


def _labels(piece: Dataset, places: Mapping[str, int], sets: bool) -> NDArray[np.int32] | Ragged:
    """The labels by their places. Raises `DataError` for one that was not counted."""
    try:
        if not sets:
            return np.array([places[label] for label in piece.labels or ()], np.int32)
        return Ragged.from_list([[places[label] for label in row] for row in piece.sets or ()])
    except KeyError as error:
        raise DataError(
            f"{piece.source}: has the label {error.args[0]!r}, which no text had that is learned "
            "from"
        ) from None


def _alone(labels: NDArray[np.int32] | Ragged, learned: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of `N` texts have a label that is not learned from any other."""
    if not isinstance(labels, Ragged):
        return ~learned[labels]
    owner = np.repeat(np.arange(len(labels)), labels.lengths)
    return np.bincount(owner, ~learned[labels.values], minlength=len(labels)) > 0


def _bytes(ids: Ragged) -> NDArray[np.int64]:
    return ids.lengths * 4 + ROW


def _schema(sets: bool, weighted: bool) -> Any:
    pa = arrow()
    ids = pa.large_list(pa.field("item", pa.int32(), nullable=False))
    fields = [
        pa.field("ids", ids, nullable=False),
        pa.field("label", ids if sets else pa.int32(), nullable=False),
    ]
    if weighted:
        fields.append(pa.field("weight", pa.float32(), nullable=False))
    return pa.schema(fields)


def _lists(lists: Ragged) -> Any:
    pa = arrow()
    kind = pa.large_list(pa.field("item", pa.int32(), nullable=False))
    values = pa.array(np.ascontiguousarray(lists.values, np.int32))
    return pa.LargeListArray.from_arrays(pa.array(lists.offsets), values, type=kind)


def _column(labels: NDArray[np.int32] | Ragged) -> Any:
    return _lists(labels) if isinstance(labels, Ragged) else arrow().array(labels)
