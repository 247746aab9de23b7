"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bothways.data._columns import Columns, choose
from bothways.data._table import PIECE_BYTES, NoRowsError, Table, Wanted
from bothways.errors import DataError
from bothways.storage import Shard, open_text


def read_jsonl(shard: Shard, wanted: Wanted, rows: int) -> Iterator[Table]:
    """Read one JSON object a line, in pieces; blank lines are skipped.

    Columns are the keys of the first object, in whatever order later ones hold them. A
    later object without the label counts as a row without a label, or without a weight.

    Raises `DataError` naming the line that is not JSON, not an object, or has no text.
    """
    name = shard.name
    columns: Columns | None = None
    piece: Table | None = None
    with open_text(shard, newline="\n") as (lines, plain):
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = _parse(line, f"{name}, line {number}")
            if columns is None:
                kinds = [_kind(value) for value in record.values()]
                columns = choose(list(record), wanted, name, kinds)
            if piece is None:
                piece, until = Table(columns, "line"), plain.passed + PIECE_BYTES
                takes = [(piece.values[role], key) for role, key in columns.named().items()]
            if columns.text not in record:
                raise DataError(f"{name}, line {number}: there is no {columns.text!r}")
            for values, key in takes:
                values.append(record.get(key))
            piece.rows.append(number)
            if len(piece.rows) >= rows or plain.passed >= until:
                yield piece
                piece = None
    if piece is not None:
        yield piece
    elif columns is None:
        raise NoRowsError(f"{name}: is empty")


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bools"
    for kind, what in ((str, "strings"), (int | float, "numbers"), (list, "lists")):
        if isinstance(value, kind):
            return what
    return None


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
