"""JSON Lines in, JSON Lines out: each line as it was, with our keys before its last brace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from bothways.data import text_column
from bothways.errors import DataError, require
from bothways.scoring._answers import Answers
from bothways.scoring._form import PIECE_BYTES, PIECE_ROWS, Form, Piece
from bothways.scoring._table import check_names
from bothways.scoring._text import kept, lines_of, values_of

if TYPE_CHECKING:
    import pyarrow as pa

# Rows whose keys are known before names are chosen for ours.
_FIRST = 1000


class JsonlForm(Form):
    """See `Form`. Blank lines are left out. A line that is no object has no keys to stand beside:
    it stands in its error."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self._source = source
        self._lines = enumerate(lines_of(file, source), 1)
        self._first = list(islice(self._lines, _FIRST))
        found = [_parse(line)[0] for _, line in self._first if line.strip()]
        objects = [record for record in found if record is not None]
        if not objects:
            raise DataError(f"{source}: holds no JSON object in its first {_FIRST:,} lines")
        self._keys = objects[0]
        self.columns = list(dict.fromkeys(key for record in objects for key in record))

    def text(self, asked: str | None) -> str:
        strings = [isinstance(value, str) for value in self._keys.values()]
        return text_column(list(self._keys), self._source, text=asked, strings=strings)

    def pieces(self, text: str, names: tuple[str, ...]) -> Iterator[Piece]:
        pa = require("pyarrow", extra="train", purpose="scoring")
        taken: list[tuple[bytes, str | None, str | None]] = []
        size = 0
        for number, line in chain(self._first, self._lines):
            self._first = []
            line = line.strip()
            if not line:
                continue
            record, error = _parse(line)
            found = None
            if record is None:
                line, error = b"{}", f"{error}; the line was: {kept(line)}"
            else:
                check_names(list(record), names, f"{self._source}, line {number}")
                found, error = _text(record, text)
            taken.append((line, found, error))
            size += len(line)
            if len(taken) == PIECE_ROWS or size >= PIECE_BYTES:
                yield _piece(pa, taken)
                taken, size = [], 0
        if taken:
            yield _piece(pa, taken)

    def begin(self, sink: Any, names: tuple[str, ...], fields: list[pa.Field]) -> None:
        self._sink = sink
        self._keys_of = [json.dumps(name, ensure_ascii=False) for name in names]

    def write(self, rows: Any, answers: list[Answers], model: str | None) -> None:
        label_key, probability_key, model_key, error_key = self._keys_of
        of = f"{model_key}: {json.dumps(model)}"
        lines = []
        for line, (label, probability, error) in zip(rows, values_of(answers), strict=True):
            ours = (
                f"{label_key}: {json.dumps(label, ensure_ascii=False)}, "
                f"{probability_key}: {json.dumps(probability)}, {of}, "
                f"{error_key}: {json.dumps(error, ensure_ascii=False)}}}\n"
            )
            begun = line[:-1].rstrip()
            lines += [begun, b"" if begun == b"{" else b", ", ours.encode()]
        self._sink.write(b"".join(lines))

    def end(self) -> None:
        pass


def _piece(pa: Any, taken: list[tuple[bytes, str | None, str | None]]) -> Piece:
    lines, texts, errors = zip(*taken, strict=True)
    said = {n: error for n, error in enumerate(errors) if error is not None}
    return Piece(lines, pa.array(texts, pa.string()), said)


def _parse(line: bytes) -> tuple[dict[str, Any] | None, str | None]:
    """The object of a line, or None and why there is none."""
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, f"is not UTF-8 (byte {error.start + 1} of the line)"
    except json.JSONDecodeError as error:
        return None, f"is not JSON ({error.msg}, column {error.colno})"
    except (ValueError, RecursionError):
        # An integer of thousands of digits, or brackets nested too deep.
        return None, "is not JSON that can be read"
    if not isinstance(record, dict):
        return None, f"is {_kind(record)}, expected an object such as {{'text': ...}}"
    return record, None


def _text(record: dict[str, Any], name: str) -> tuple[str | None, str | None]:
    """The text of an object, or why it has none."""
    if name not in record:
        return None, f"there is no {name!r}"
    text = record[name]
    if not isinstance(text, str):
        return None, f"the text is {_kind(text)}, expected a string"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return None, "the text holds half of a surrogate pair, not a character"
    return text, None


def _kind(value: Any) -> str:
    if value is None:
        return "missing (null)"
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '...'} ({type(value).__name__})"
