"""What a reader hands over, and the checks that are the same for every format."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bothways.data._dataset import Dataset
from bothways.errors import DataError


@dataclass(frozen=True)
class Wanted:
    """What the caller asked for: column names, or None to find them; no weight is None.

    `multilabel` allows several labels a text; `separator` is what they are divided by in a cell.
    """

    text: str | None
    label: str | None
    need_labels: bool
    weight: str | None = None
    multilabel: bool = False
    separator: str | None = None

    @property
    def columns(self) -> bool:
        """Whether a column was named, which some formats do not have."""
        return any(name is not None for name in (self.text, self.label, self.weight))


@dataclass(frozen=True)
class Table:
    """`N` raw texts and labels as a format holds them, before they are checked.

    `rows` and `unit` as in `Dataset`; the columns are None where the format has none.
    """

    texts: list[Any]
    labels: list[Any] | None
    rows: Sequence[int | str]
    unit: str
    text_column: str | None = None
    label_column: str | None = None
    weights: list[Any] | None = None


def to_dataset(table: Table, wanted: Wanted, source: str) -> Dataset:
    """Check every text and label. Raises `DataError` naming the rows that are at fault."""
    if not table.texts:
        raise DataError(f"{source}: holds no rows")
    for index, text in enumerate(table.texts):
        if type(text) is not str:
            place = f"{source}, {table.unit} {table.rows[index]}{_column(table.text_column)}"
            raise DataError(f"{place}: the text is {_kind(text)}, expected a string")
    weights = _weights(table, wanted.weight, source)
    several = table.labels is not None and any(isinstance(v, list | tuple) for v in table.labels)
    if table.labels is not None and (wanted.separator or (several and wanted.multilabel)):
        sets = _label_sets(table, wanted.separator, source)
        return Dataset(table.texts, None, source, table.rows, table.unit, weights, sets)
    labels = _labels(table, wanted, source)
    return Dataset(table.texts, labels, source, table.rows, table.unit, weights)


def _label_sets(table: Table, separator: str | None, source: str) -> list[tuple[str, ...]]:
    """The labels of each row, from lists or from cells that the separator divides."""
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    sets = []
    for index, value in enumerate(table.labels or []):
        place = f"{source}, {table.unit} {table.rows[index]}{_column(table.label_column)}"
        items = value
        if isinstance(value, list | tuple):
            if separator is not None:
                raise DataError(
                    f"{place}: the labels are a list, so {separator!r} does not divide them; leave "
                    "the label separator out"
                )
        elif isinstance(value, str) and separator is not None:
            items = [part.strip() for part in value.split(separator)] if value.strip() else []
        else:
            items = [value]
        labels = []
        for item in items:
            label = _label(item)
            if label is None or not label.strip():
                raise DataError(
                    f"{place}: one of the labels is {_kind(item)}, expected a string that is not "
                    "empty, a whole number or a bool"
                )
            labels.append(label)
        found = tuple(dict.fromkeys(labels))
        sets.append(same.setdefault(found, found))
    return sets


def _weights(table: Table, column: str | None, source: str) -> list[float] | None:
    if table.weights is None:
        return None
    weights = []
    for index, value in enumerate(table.weights):
        try:
            weight = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            weight = math.nan
        if not math.isfinite(weight) or weight < 0:
            place = f"{source}, {table.unit} {table.rows[index]}{_column(column)}"
            raise DataError(f"{place}: the weight is {_kind(value)}, expected a number from 0")
        weights.append(weight)
    if not any(weights):
        raise DataError(f"{source}{_column(column)}: all {len(weights):,} weights are 0")
    return weights


def _labels(table: Table, wanted: Wanted, source: str) -> list[str] | None:
    if table.labels is None:
        return None
    same: dict[str, str] = {}  # equal labels become one string: a million rows, few labels
    labels, missing = [], []
    for index, value in enumerate(table.labels):
        text = _label(value)
        if text is None:
            place = f"{source}, {table.unit} {table.rows[index]}{_column(table.label_column)}"
            raise DataError(
                f"{place}: the label is {_kind(value)}, expected a string, a whole number or a bool"
            )
        if not text.strip():
            missing.append(index)
        labels.append(same.setdefault(text, text))
    if not missing:
        return labels
    if not wanted.need_labels and wanted.label is None:
        return None  # nobody asked for them: some labels are no labels
    raise DataError(
        f"{source}{_column(table.label_column)}: {_count(missing, labels)} no label: "
        f"{name_rows(table.unit, missing, table.rows.__getitem__)}"
    )


def _label(value: Any) -> str | None:
    """The label as a string, blank if there is none, None if it cannot be a label.

    A float with a whole value is that integer: tables turn integers into floats as soon as
    one is missing, and 1 and 1.0 must not be two labels. Other floats are measurements.
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int) else None


def name_rows(unit: str, indices: list[int], row: Callable[[int], int | str], most: int = 5) -> str:
    """The first few rows by name, and how many are left out: `lines 3, 7 and 12 more`."""
    shown = ", ".join(str(row(index)) for index in indices[:most])
    more = f" and {len(indices) - most:,} more" if len(indices) > most else ""
    return f"{unit}{'s' if len(indices) > 1 else ''} {shown}{more}"


def _count(missing: list[int], labels: list[str]) -> str:
    have = "has" if len(missing) == 1 else "have"
    return f"{len(missing):,} of {len(labels):,} rows {have}"


def _column(name: str | None) -> str:
    return "" if name is None else f", column {name!r}"


def _kind(value: Any) -> str:
    if value is None:
        return "missing (null)"
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '...'} ({type(value).__name__})"
