"""Tables with a header: comma-separated (RFC 4180) and tab-separated."""

from __future__ import annotations

import csv
import sys
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

from bothways.data._columns import choose
from bothways.data._files import open_text, show
from bothways.data._table import Table, Wanted
from bothways.errors import DataError

_limit_lock = threading.Lock()


@contextmanager
def _long_fields() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a field, and put it back.

    The limit belongs to the whole process, hence the lock: the first of two readers to
    finish would otherwise put it back under the other.
    """
    with _limit_lock:
        before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def read_csv(path: str, wanted: Wanted, delimiter: str = ",") -> Table:
    """Read a table whose first row names the columns; blank lines are skipped.

    Fields may be in double quotes, then a quote inside is written twice; this holds for
    tabs as for commas. Lines end in LF, CRLF or CR.

    Raises `DataError` naming the line where a row has too few or too many fields, or a
    quote is out of place. The line is the one on which the row begins.
    """
    with open_text(path, newline="") as lines, _long_fields():
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start = 1
        try:
            header = next((row for row in reader if row), [])
            _check_delimiter(path, header, delimiter)
            text, label = choose(header, wanted, show(path))
            t = header.index(text)
            width, at = len(header), None if label is None else header.index(label)
            w = None if wanted.weight is None else header.index(wanted.weight)
            weights: list[str] = []
            texts: list[str] = []
            labels: list[str] = []
            rows = array("q")
            start = reader.line_num + 1
            for row in reader:
                if len(row) == width:
                    texts.append(row[t])
                    if at is not None:
                        labels.append(row[at])
                    if w is not None:
                        weights.append(row[w])
                    rows.append(start)
                elif row:
                    raise DataError(_ragged(path, start, len(row), width, delimiter))
                start = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{show(path)}, line {start}: {_explain(error)}") from None
    if not texts:
        raise DataError(f"{show(path)}: has a header but no rows")
    return Table(
        *(texts, labels if at is not None else None, rows, "line", text, label),
        weights=weights if w is not None else None,
    )


def _check_delimiter(path: str, header: list[str], delimiter: str) -> None:
    """One column with a semicolon in its name is another program's idea of a table."""
    name = {",": "commas", "\t": "tabs"}[delimiter]
    for other in ";\t|,":
        if len(header) == 1 and other != delimiter and other in header[0]:
            raise DataError(
                f"{show(path)}, line 1: the columns seem to be separated by {other!r}, "
                f"expected {name}; save the table with {name}"
            )


def _ragged(path: str, line: int, got: int, width: int, delimiter: str) -> str:
    hint = {",": "a comma", "\t": "a tab"}[delimiter]
    return (
        f"{show(path)}, line {line}: has {got} field{'s' * (got != 1)}, the header has {width}; "
        f"a field with {hint} in it must be in double quotes"
    )


def _explain(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a double quote is opened in this row and never closed"
    if "expected after" in message:
        return "a quoted field in this row goes on after its closing quote; write a quote twice"
    return f"cannot be read as a table ({message})"
