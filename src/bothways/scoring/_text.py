"""What the forms of text, csv and JSON Lines, have in common."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any, BinaryIO

from bothways.errors import DataError
from bothways.scoring._answers import Answers

LONGEST = 16 << 20
"""Bytes or characters of a row; what is longer is no row but a file of another kind."""


def check_utf8(start: bytes, source: str) -> None:
    """Refuse a file by its first bytes, which say that it is UTF-16. Raises `DataError`."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{source}: is UTF-16 or UTF-32, expected UTF-8; save it as UTF-8")


def lines_of(file: BinaryIO, source: str) -> Iterator[bytes]:
    """The lines with their ends, LF, without a byte order mark. Raises `DataError` for one that
    is longer than `LONGEST`."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if number == 1:
            check_utf8(line, source)
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > LONGEST:
            raise DataError(
                f"{source}, line {number}: is longer than {LONGEST:,} bytes, expected a row a line"
            )
        yield line


def values_of(answers: list[Answers]) -> Iterator[tuple[Any, Any, str | None]]:
    """Label, probability (six digits of it, as `predict --json` has) and error of each row."""
    for part in answers:
        for label, probability, error in zip(
            *(column.to_pylist() for column in (part.label, part.probability, part.error)),
            strict=True,
        ):
            if isinstance(probability, list):
                probability = [round(p, 6) for p in probability]
            elif probability is not None:
                probability = round(probability, 6)
            yield label, probability, error


def kept(line: bytes) -> str:
    """A line that has no other place than its error: bytes that are no UTF-8 as `\\xff`."""
    return line.decode("utf-8", "backslashreplace")
