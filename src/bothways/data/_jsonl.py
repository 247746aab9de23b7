"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from array import array
from typing import Any

from bothways.data._columns import choose
from bothways.data._files import open_text, show
from bothways.data._table import Table, Wanted
from bothways.errors import DataError


def read_jsonl(path: str, wanted: Wanted) -> Table:
    """Read one JSON object a line; blank lines are skipped.

    Columns are the keys of the first object, in whatever order later ones hold them. A
    later object without the label counts as a row without a label, or without a weight.

    Raises `DataError` naming the line that is not JSON, not an object, or has no text.
    """
    source = show(path)
    texts: list[Any] = []
    labels: list[Any] = []
    weights: list[Any] = []
    weight = wanted.weight
    rows = array("q")
    text: str | None = None
    label: str | None = None
    with open_text(path, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = _parse(line, f"{source}, line {number}")
            if text is None:
                strings = [isinstance(value, str) for value in record.values()]
                text, label = choose(list(record), wanted, source, strings)
            if text not in record:
                raise DataError(f"{source}, line {number}: there is no {text!r}")
            texts.append(record[text])
            labels.append(record.get(label) if label is not None else None)
            if weight is not None:
                weights.append(record.get(weight))
            rows.append(number)
    return Table(
        *(texts, labels if label is not None else None, rows, "line", text, label),
        weights=weights if weight is not None else None,
    )


def _parse(line: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}, column {error.colno}: is not JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        # An integer of thousands of digits, or brackets nested too deep.
        raise DataError(f"{place}: is not JSON that can be read") from None
    if not isinstance(record, dict):
        got = "a list" if isinstance(record, list) else f"a {type(record).__name__}"
        raise DataError(f"{place}: is {got}, expected an object such as {{'text': ...}}")
    if "\\u" in line:
        _check_unicode(record, place)
    return record


def _check_unicode(record: dict[str, Any], place: str) -> None:
    """JSON can write half of a surrogate pair, which is no character and has no UTF-8."""
    for key, value in record.items():
        for text in (key, *(value if isinstance(value, list) else [value])):
            if isinstance(text, str) and not text.isascii():
                try:
                    text.encode("utf-8")
                except UnicodeEncodeError:
                    raise DataError(
                        f"{place}, key {key!r}: half of a surrogate pair, not a character"
                    ) from None
