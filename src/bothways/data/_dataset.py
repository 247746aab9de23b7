"""Texts with their labels, and where each of them stood."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bothways.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """`N` texts, their labels, and where they came from.

    `texts` holds `N` strings; `labels` holds `N` strings, or is None where the source
    has none; `source` is the path as a message shows it. `rows[n]` is the place of text
    `n` in the source, counted in `unit`s: the number of a line or row from 1, or the
    name of a file. By default rows are counted from 1. `weights` holds `N` numbers from 0,
    what each text counts, or is None where none were asked for. Where a text may have several
    labels or none, `labels` is None and `label_sets` holds `N` tuples of strings. `held_out`
    says of each text whether it is held out of a training, where a column was asked for that
    does. Where the texts come from several shards, `unit` is empty and a row names its shard.

    Raises `DataError` if the lengths differ.
    """

    texts: list[str]
    labels: list[str] | None
    source: str
    rows: Sequence[int | str] = ()
    unit: str = "row"
    weights: list[float] | None = None
    label_sets: list[tuple[str, ...]] | None = None
    held_out: list[bool] | None = None

    def __post_init__(self) -> None:
        if len(self.rows) == 0:
            object.__setattr__(self, "rows", range(1, len(self.texts) + 1))
        columns = (
            *(("labels", self.labels), ("sets of labels", self.label_sets)),
            *(("row numbers", self.rows), ("weights", self.weights)),
            ("marks of what is held out", self.held_out),
        )
        for name, column in columns:
            if column is not None and len(column) != len(self.texts):
                raise DataError(
                    f"{self.source}: got {len(column)} {name} for {len(self.texts)} texts"
                )

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: Iterable[int]) -> Dataset:
        """The texts at `indices`, integers from 0, in that order; they keep their rows."""
        chosen = [int(index) for index in indices]
        labels, weights, sets = self.labels, self.weights, self.label_sets
        held_out = self.held_out
        return Dataset(
            texts=[self.texts[index] for index in chosen],
            labels=None if labels is None else [labels[index] for index in chosen],
            source=self.source,
            rows=[self.rows[index] for index in chosen],
            unit=self.unit,
            weights=None if weights is None else [weights[index] for index in chosen],
            label_sets=None if sets is None else [sets[index] for index in chosen],
            held_out=None if held_out is None else [held_out[index] for index in chosen],
        )

    @property
    def sets(self) -> list[tuple[str, ...]] | None:
        """`label_sets`, or sets of one where each text has one label; None without labels."""
        if self.labels is not None:
            return [(label,) for label in self.labels]
        return self.label_sets

    def row_name(self, index: int) -> str:
        """Where text `index` stood in the source: `line 7`, or `b.csv, line 7` of shards."""
        return f"{self.unit} {self.rows[index]}" if self.unit else str(self.rows[index])

    def place(self, index: int) -> str:
        """Where text `index` stood, for a message: `reviews.csv, line 7`."""
        named = self.row_name(index)
        return f"{self.source}, {named}" if self.unit else named


def fingerprint(rows: Dataset) -> str:
    """64 hexadecimal digits (SHA-256) that change with any text, label or their order,
    and not with the weights."""
    digest = hashlib.sha256()
    for n, text in enumerate(rows.texts):
        parts = [text, rows.labels[n] if rows.labels is not None else ""]
        if rows.label_sets is not None:  # their order is no part of it
            several = sorted(set(rows.label_sets[n]))
            parts = [text, str(len(several)), *several]
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.hexdigest()


def content_sum(rows: Dataset) -> int:
    """A number below 2^256 that changes with any text or label, and neither with the order of the
    rows nor with the files they stand in: of two parts, the sum modulo 2^256 is that of both.

    It is the sum of the SHA-256 of every row (the AdHash of Bellare and Micciancio 1997).
    """
    total, sets = 0, rows.sets or [()] * len(rows)
    for text, labels in zip(rows.texts, sets, strict=True):
        parts = [part.encode("utf-8", "surrogatepass") for part in (text, *sorted(set(labels)))]
        lengths = b"".join(len(part).to_bytes(8, "little") for part in parts)
        row = hashlib.sha256(len(parts).to_bytes(8, "little") + lengths + b"".join(parts))
        total += int.from_bytes(row.digest(), "little")
    return total % 2**256


def check_label_sets(rows: Dataset) -> tuple[str, ...]:
    """The distinct labels, sorted as strings, of rows that may have several each or one.

    Raises `DataError` as `check_labels` does.
    """
    if rows.label_sets is None:
        return check_labels(rows.labels, rows.source)
    labels = sorted({label for labels in rows.label_sets for label in labels})
    if len(labels) < 2:
        found = f"there is no label but {labels[0]!r}" if labels else "no row has a label"
        raise DataError(
            f"{rows.source}: {found}; a classifier needs two or more labels to tell apart"
        )
    return tuple(labels)


def check_labels(labels: Sequence[str] | None, source: str = "the data") -> tuple[str, ...]:
    """The distinct labels, sorted as strings, if a classifier can be trained on them.

    Raises `DataError` when there are no labels, no rows, or only one label.
    """
    if labels is None:
        raise DataError(f"{source}: there are no labels; a classifier needs one for each text")
    counts = Counter(labels)
    if not counts:
        raise DataError(f"{source}: there are no rows; a classifier needs texts to learn from")
    if len(counts) == 1:
        (label,) = counts
        raise DataError(
            f"{source}: all {len(labels)} rows have the same label {label!r}; "
            "a classifier needs two or more labels to tell apart"
        )
    return tuple(sorted(counts))
