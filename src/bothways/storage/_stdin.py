"""Rows on standard input, kept in a temporary file, because they are read more than once."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import sys
import tempfile
from typing import BinaryIO, NamedTuple, TextIO

from bothways.errors import DataError
from bothways.storage._told import reason

NAME = "standard input"
_SUFFIXES = {"jsonl": ".jsonl", "csv": ".csv", "tsv": ".tsv", "parquet": ".parquet"} | {
    "fasttext": ".txt"
}


class Spooled(NamedTuple):
    """What came in: the file that holds it, its bytes, and a hash of them."""

    path: str
    bytes: int
    version: str


# Who reads standard input twice means the same rows, and there is nothing more to come.
_spooled: tuple[TextIO, Spooled] | None = None


def stdin_format(data: str) -> str | None:
    """The format of rows on standard input: `-` is jsonl, `csv:-` is csv; None for other DATA."""
    if data == "-":
        return "jsonl"
    kind, colon, rest = data.partition(":")
    return kind if colon and rest == "-" and kind in _SUFFIXES else None


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises `DataError` where the program was begun without one."""
    if sys.stdin is None:
        raise DataError(f"{NAME}: is closed")
    return sys.stdin.buffer


def spool(kind: str) -> Spooled:
    """Standard input as a file, which is removed when the program ends.

    Raises `DataError` if it cannot be read, or the disk is full.
    """
    global _spooled
    if _spooled is not None and _spooled[0] is sys.stdin:
        return _spooled[1]
    source = standard_input()
    digest, size = hashlib.blake2b(digest_size=16), 0
    try:
        handle, path = tempfile.mkstemp(prefix="bothways-", suffix=_SUFFIXES[kind])
        atexit.register(_remove, path)
        with os.fdopen(handle, "wb") as file:
            while piece := source.read(1 << 20):
                digest.update(piece)
                size += file.write(piece)
    except OSError as error:
        kept = f"cannot be kept in {tempfile.gettempdir()}"
        raise DataError(f"{NAME}: {kept} ({reason(error)})") from None
    _spooled = (sys.stdin, Spooled(path, size, f"{size}-{digest.hexdigest()}"))
    return _spooled[1]


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
