"""Vectors as text: `.vec` of fastText, `.txt` of GloVe and of word2vec."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import DataError
from bothways.vectors._rows import Rows, Vectors

# Lines looked up at a time, and bytes of the longest one: 65,536 numbers of 32 digits.
_LINES, _LONGEST = 4096, 1 << 21


class _Line(NamedTuple):
    number: int
    word: bytes
    numbers: bytes


def read_text(file: BinaryIO, rows: Rows) -> Vectors:
    """Lines of a word and its numbers, apart by blanks. See `read_vectors`.

    The first line tells the width; if it is two whole numbers, it is a header, and says how
    many words there are too. A word may hold blanks (some of GloVe's do), if what stands
    before the last `I` fields are not numbers.
    """
    lines = _lines(file, rows.name)
    first = next(lines, b"").removeprefix(codecs.BOM_UTF8)
    declared, width = _header(first)
    if declared is None:
        width = len(first.split()) - 1
        lines = _lines(file, rows.name, first)
    if width < 1:
        raise DataError(f"{rows.name}, line 1: has no numbers, expected a word and its vector")
    start = 1 if declared is None else 2
    chunk: list[_Line] = []
    for number, line in enumerate(lines, start):
        if line:
            chunk.append(_split(line, width, number, rows.name))
        if len(chunk) == _LINES:
            _take(chunk, width, rows)
            chunk = []
    _take(chunk, width, rows)
    if declared is not None and rows.seen < declared:
        raise DataError(
            f"{rows.name}, line 1: says that there are {declared:,} words, and "
            f"{rows.seen:,} follow: the file was cut off"
        )
    return rows.vectors()


def _lines(file: BinaryIO, name: str, first: bytes | None = None) -> Iterator[bytes]:
    """The lines without the white space at their ends, `first` before those that follow."""
    if first is not None:
        yield first
    number = 1 if first is not None else 0
    while line := file.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST or b"\0" in line:
            got = "is longer than 2 MiB" if len(line) == _LONGEST else "holds a NUL byte"
            raise DataError(
                f"{name}, line {number}: {got}, expected a word and its vector; "
                "binary files need the suffix .bin"
            )
        yield line.rstrip()


def _header(line: bytes) -> tuple[int | None, int]:
    """The number of words and the width, if `line` says them."""
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 16 for field in fields):
        return int(fields[0]), int(fields[1])
    return None, 0


def _split(line: bytes, width: int, number: int, name: str) -> _Line:
    """A line as its word and its numbers, which are read only if somebody wants them."""
    if line.count(b" ") == width and b"\t" not in line:
        word, _, numbers = line.partition(b" ")
        return _Line(number, word, numbers)
    fields = line.split()
    extra = fields[1 : len(fields) - width]
    if len(fields) <= width or any(map(_is_number, extra)):
        raise DataError(
            f"{name}, line {number}: has a vector of {len(fields) - 1} numbers, "
            f"expected {width} as in line 1"
        )
    return _Line(number, b" ".join(fields[:-width]), b" ".join(fields[-width:]))


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _take(chunk: list[_Line], width: int, rows: Rows) -> None:
    for place, token in rows.claim([line.word for line in chunk]):
        line = chunk[place]
        rows.put(token, _vector(line, width, rows.name), f"line {line.number}")


def _vector(line: _Line, width: int, name: str) -> NDArray[np.float32]:
    fields = line.numbers.split()
    for field in fields:
        if not _is_number(field):
            shown = field[:40].decode(errors="replace")
            raise DataError(f"{name}, line {line.number}: holds {shown!r}, expected a number")
    if len(fields) != width:
        raise DataError(
            f"{name}, line {line.number}: has a vector of {len(fields)} numbers, "
            f"expected {width} as in line 1"
        )
    with np.errstate(over="ignore"):  # what is not finite then is refused
        return np.array([float(field) for field in fields]).astype(np.float32)
