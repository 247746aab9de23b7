"""Tables with a header: comma-separated (RFC 4180) and tab-separated."""

from __future__ import annotations

import csv
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bothways.data._columns import Columns, choose
from bothways.data._table import PIECE_BYTES, NoRowsError, Table, Wanted
from bothways.errors import DataError
from bothways.storage import Shard, open_text

_limit_lock = threading.Lock()
_readers = 0  # that need the limit lifted
_usual_limit = csv.field_size_limit()


@contextmanager
def long_fields() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a field, and put it back.

    The limit belongs to the whole process, hence the count: the first of two readers to
    finish would otherwise put it back under the other.
    """
    global _readers, _usual_limit
    with _limit_lock:
        if _readers == 0:
            _usual_limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        _readers += 1
    try:
        yield
    finally:
        with _limit_lock:
            _readers -= 1
            if _readers == 0:
                csv.field_size_limit(_usual_limit)


def read_csv(shard: Shard, wanted: Wanted, rows: int, delimiter: str = ",") -> Iterator[Table]:
    """Read a table whose first row names the columns, in pieces; blank lines are skipped.

    Fields may be in double quotes, then a quote inside is written twice; this holds for
    tabs as for commas. Lines end in LF, CRLF or CR.

    Raises `DataError` naming the line where a row has too few or too many fields, or a
    quote is out of place. The line is the one on which the row begins.
    """
    name = shard.name
    with open_text(shard, newline="") as (lines, plain), long_fields():
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start, some = 1, False
        try:
            header = next((row for row in reader if row), [])
            if plain.blank:
                raise NoRowsError(f"{name}: is empty")
            _check_delimiter(name, header, delimiter)
            columns = choose(header, wanted, name)
            width = len(header)
            places = {role: header.index(column) for role, column in columns.named().items()}
            piece, takes, until = _begin(columns, places, plain.passed)
            start = reader.line_num + 1
            for row in reader:
                if len(row) == width:
                    for values, place in takes:
                        values.append(row[place])
                    piece.rows.append(start)
                    if len(piece.rows) >= rows or plain.passed >= until:
                        some = True
                        yield piece
                        piece, takes, until = _begin(columns, places, plain.passed)
                elif row:
                    raise DataError(_ragged(name, start, len(row), width, delimiter))
                start = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{name}, line {start}: {_explain(error)}") from None
    if piece.rows:
        yield piece
    elif not some:
        raise NoRowsError(f"{name}: has a header but no rows")


def _begin(
    columns: Columns, places: dict[str, int], passed: int
) -> tuple[Table, list[tuple[list[Any], int]], int]:
    """An empty piece, which field goes into which of its lists, and where in the file it ends."""
    piece = Table(columns, "line")
    takes = [(piece.values[role], place) for role, place in places.items()]
    return piece, takes, passed + PIECE_BYTES


def _check_delimiter(name: str, header: list[str], delimiter: str) -> None:
    """One column with a semicolon in its name is another program's idea of a table."""
    expected = {",": "commas", "\t": "tabs"}[delimiter]
    for other in ";\t|,":
        if len(header) == 1 and other != delimiter and other in header[0]:
            raise DataError(
                f"{name}, line 1: the columns seem to be separated by {other!r}, "
                f"expected {expected}; save the table with {expected}"
            )


def _ragged(name: str, line: int, got: int, width: int, delimiter: str) -> str:
    hint = {",": "a comma", "\t": "a tab"}[delimiter]
    return (
        f"{name}, line {line}: has {got} field{'s' * (got != 1)}, the header has {width}; "
        f"a field with {hint} in it must be in double quotes"
    )


def _explain(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a double quote is opened in this row and never closed"
    if "expected after" in message:
        return "a quoted field in this row goes on after its closing quote; write a quote twice"
    return f"cannot be read as a table ({message})"
