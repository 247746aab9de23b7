"""What a reader hands over, and the checks that are the same for every format."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bothways.data._columns import Columns, Wanted
from bothways.data._dataset import Dataset
from bothways.data._held_out import HELD_OUT, LEARNED, is_held_out
from bothways.errors import DataError

PIECE_BYTES = 1 << 25
"""About how much of a file is held at once, 32 MiB, where it is read in pieces."""


class NoRowsError(DataError):
    """There is not one row: a fault of a file, but not of one shard among others."""


@dataclass
class Table:
    """`N` raw texts and labels as a format holds them, before they are checked.

    `rows` and `unit` as in `Dataset`; `values` has a list of `N` for each column that is there,
    by what it is for: `text`, `label`, `weight`, `held_out`.
    """

    columns: Columns
    unit: str
    values: dict[str, list[Any]] = field(default_factory=dict)
    rows: Any = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        for role in self.columns.named():
            self.values.setdefault(role, [])

    def extended(self, more: Table) -> Table:
        """These rows and those of the next piece of the same file; the lists are the same."""
        for role, values in more.values.items():
            self.values[role].extend(values)
        if isinstance(self.rows, range):
            self.rows = range(self.rows.start, more.rows.stop)
        else:
            self.rows.extend(more.rows)
        return self


def check_separator(wanted: Wanted, source: str) -> None:
    """Raises `DataError` for a label separator that cannot be told from nothing."""
    if wanted.separator is not None and not wanted.separator.strip():
        raise DataError(
            f"{source}: the label separator is {wanted.separator!r}, expected a character such "
            "as '|' that is no white space"
        )


def to_dataset(table: Table, wanted: Wanted, source: str, *, part: bool = False) -> Dataset:
    """Check every text and label. Raises `DataError` naming the rows that are at fault.

    With `part` these are some rows of more, which messages do not count.
    """
    texts, labels = table.values["text"], table.values.get("label")
    names = table.columns
    for index, text in enumerate(texts):
        if type(text) is not str:
            place = _place(table, source, index, names.text)
            raise DataError(f"{place}: the text is {_kind(text)}, expected a string")
    about: dict[str, Any] = {
        "weights": _weights(table, source),
        "held_out": _held_out(table, source),
    }
    several = labels is not None and any(isinstance(value, list | tuple) for value in labels)
    if labels is not None and (wanted.separator or (several and wanted.multilabel)):
        sets = _label_sets(table, labels, wanted.separator, source)
        return Dataset(texts, None, source, table.rows, table.unit, label_sets=sets, **about)
    found = None if labels is None else _labels(table, labels, wanted, source, part)
    return Dataset(texts, found, source, table.rows, table.unit, **about)


def _place(table: Table, source: str, index: int, column: str | None) -> str:
    return f"{source}, {table.unit} {table.rows[index]}{_column(column)}"


def _label_sets(
    table: Table, values: list[Any], separator: str | None, source: str
) -> list[tuple[str, ...]]:
    """The labels of each row, from lists or from cells that the separator divides."""
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    sets = []
    for index, value in enumerate(values):
        place = _place(table, source, index, table.columns.label)
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


def _weights(table: Table, source: str) -> list[float] | None:
    if "weight" not in table.values:
        return None
    weights = []
    for index, value in enumerate(table.values["weight"]):
        try:
            weight = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            weight = math.nan
        if not math.isfinite(weight) or weight < 0:
            place = _place(table, source, index, table.columns.weight)
            raise DataError(f"{place}: the weight is {_kind(value)}, expected a number from 0")
        weights.append(weight)
    return weights


def _held_out(table: Table, source: str) -> list[bool] | None:
    if "held_out" not in table.values:
        return None
    flags = []
    for index, value in enumerate(table.values["held_out"]):
        held = is_held_out(value)
        if held is None:
            place = _place(table, source, index, table.columns.held_out)
            raise DataError(
                f"{place}: {_kind(value)} does not say whether the row is held out, expected "
                f"{HELD_OUT} if it is, {LEARNED} if not"
            )
        flags.append(held)
    return flags


def _labels(
    table: Table, values: list[Any], wanted: Wanted, source: str, part: bool
) -> list[str] | None:
    same: dict[str, str] = {}  # equal labels become one string: a million rows, few labels
    labels, missing = [], []
    for index, value in enumerate(values):
        text = _label(value)
        if text is None:
            place = _place(table, source, index, table.columns.label)
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
        f"{source}{_column(table.columns.label)}: {_count(missing, labels, part)} no label: "
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


def _count(missing: list[int], labels: list[str], part: bool) -> str:
    have = "has" if len(missing) == 1 else "have"
    if part:
        return f"{len(missing):,} row{'s' * (len(missing) > 1)} {have}"
    return f"{len(missing):,} of {len(labels):,} rows {have}"


def _column(name: str | None) -> str:
    return "" if name is None else f", column {name!r}"


def _kind(value: Any) -> str:
    if value is None:
        return "missing (null)"
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '...'} ({type(value).__name__})"
