"""Tables of text in and out: each row as it was, with our fields after its last one."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from bothways.data import long_fields, text_column
from bothways.errors import DataError, require
from bothways.scoring._answers import Answers
from bothways.scoring._form import PIECE_BYTES, PIECE_ROWS, Form, Piece
from bothways.scoring._table import check_names
from bothways.scoring._text import LONGEST, check_utf8, kept, values_of

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATOR = "|"
"""Between the labels of a text, and between their probabilities, where it may have several."""


class CsvForm(Form):
    """See `Form`. Blank lines are left out. Of a row with too many fields the first stay in their
    columns, of one with too few these, and the whole row stands in its error. After a quote
    that is out of place reading goes on at the next line."""

    def __init__(self, file: BinaryIO, source: str, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        self._lines = _Lines(file, source)
        with long_fields():
            self._rows = self._lines.rows(delimiter)
            header, row = next(self._rows, ("", None))
        check_utf8(header.encode("utf-8", "surrogateescape"), source)
        if not header:
            raise DataError(f"{source}: is empty")
        if not isinstance(row, list) or not _is_utf8(header):
            raise DataError(f"{source}, line 1: is no row with the names of columns")
        self.columns = row
        self._header = header.rstrip("\r\n")
        self._end = header[len(self._header) :] or "\n"

    def text(self, asked: str | None) -> str:
        return text_column(self.columns, self._source, text=asked)

    def pieces(self, text: str, names: tuple[str, ...]) -> Iterator[Piece]:
        pa = require("pyarrow", extra="train", purpose="scoring")
        check_names(self.columns, names, self._source)
        place = self.columns.index(text)
        rows: list[str] = []
        texts: list[str | None] = []
        errors: dict[int, str] = {}
        size = 0
        with long_fields():
            for line, row in self._rows:
                line, error = self._checked(line.rstrip("\r\n"), row)
                if error is not None:
                    errors[len(rows)] = error
                rows.append(line)
                texts.append(None if error or not isinstance(row, list) else row[place])
                size += len(line)
                if len(rows) == PIECE_ROWS or size >= PIECE_BYTES:
                    yield Piece(rows, pa.array(texts, pa.string()), errors)
                    rows, texts, errors, size = [], [], {}, 0
        if rows:
            yield Piece(rows, pa.array(texts, pa.string()), errors)

    def begin(self, sink: Any, names: tuple[str, ...], fields: list[pa.Field]) -> None:
        self._sink = sink
        ours = self._delimiter.join(self._quoted(name) for name in names)
        sink.write(f"{self._header}{self._delimiter}{ours}{self._end}".encode())

    def write(self, rows: Any, answers: list[Answers], model: str | None) -> None:
        lines = []
        for line, (label, probability, error) in zip(rows, values_of(answers), strict=True):
            if isinstance(label, list):
                label, probability = (
                    SEPARATOR.join(map(str, values)) for values in (label, probability)
                )
            ours = (label, probability, model, error)
            lines += [line, *(f"{self._delimiter}{self._quoted(field)}" for field in ours)]
            lines.append(self._end)
        self._sink.write("".join(lines).encode())

    def end(self) -> None:
        pass

    def _checked(self, line: str, row: list[str] | str) -> tuple[str, str | None]:
        """A row as it is written, and what is wrong with it."""
        width, whole = len(self.columns), line
        error = None
        if not _is_utf8(line):
            place = len(line[: _bad(line)].encode("utf-8", "surrogateescape"))
            line = whole = kept(line.encode("utf-8", "surrogateescape"))
            error = f"is not UTF-8 (byte {place + 1} of the row), which is written as \\xff"
        if isinstance(row, str):
            error, row = f"{row}; the row was: {whole}", []
        elif len(row) != width:
            error = f"has {len(row)} field{'s' * (len(row) != 1)}, the header has {width}"
            error = f"{error}; the row was: {whole}"
        elif "\0" in line:
            error = "holds a NUL byte, expected UTF-8 text"
        if len(row) != width:
            row = [kept(f.encode("utf-8", "surrogateescape")) for f in row[:width]]
            row += [""] * (width - len(row))
            line = self._delimiter.join(self._quoted(field) for field in row)
        return line, error

    def _quoted(self, field: Any) -> str:
        text = "" if field is None else str(field)
        if any(c in text for c in (self._delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


class _Lines:
    """Lines for a `csv.reader`, which remembers those of the row that it is in.

    Bytes that are no UTF-8 are halves of surrogate pairs in them (PEP 383).
    """

    def __init__(self, file: BinaryIO, source: str) -> None:
        self._file = io.TextIOWrapper(
            file, encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
        self._source = source
        self._taken: list[str] = []
        self._again: deque[str] = deque()
        self._size = self._number = 0

    def rows(self, delimiter: str) -> Iterator[tuple[str, list[str] | str]]:
        """Each row as it stands in the file, and its fields, or why it has none."""
        reader = csv.reader(self, delimiter=delimiter, strict=True)
        while True:
            self._taken, self._size = [], 0
            row: list[str] | str
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row = _explained(error)
                self._again.extendleft(reversed(self._taken[1:]))
                del self._taken[1:]
            if row:
                yield "".join(self._taken), row

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._size > LONGEST:
            raise csv.Error(f"it does not end within {LONGEST:,} characters")
        if self._again:
            line = self._again.popleft()
        else:
            line = self._file.readline(LONGEST + 1)
            self._number += 1
            if len(line) > LONGEST:
                raise DataError(
                    f"{self._source}, line {self._number}: is longer than {LONGEST:,} characters, "
                    "expected rows"
                )
        if not line:
            raise StopIteration
        self._taken.append(line)
        self._size += len(line)
        return line


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message or "does not end" in message:
        return "a double quote is opened in this row and never closed"
    if "expected after" in message:
        return "a quoted field in this row goes on after its closing quote; write a quote twice"
    return f"cannot be read as a row ({message})"


def _is_utf8(text: str) -> bool:
    return text.isascii() or _bad(text) < 0


def _bad(text: str) -> int:
    """Where the first half of a surrogate pair is, -1 if there is none."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return -1
