"""Opening a file of the user's: what it is, how it is encoded, and what it is called."""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from bothways.errors import DataError

# A name for what is not a file, by its type in `st_mode`.
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def show(path: str | os.PathLike[str]) -> str:
    """A path as one printable line, whatever bytes or line breaks its name holds."""
    text = os.fspath(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to read its bytes; never wait for a pipe.

    Raises `DataError` if it is not there, is not a file, or may not be read.
    """
    try:
        # O_NONBLOCK: opening a pipe would otherwise wait for somebody to write to it.
        # Asking before opening would leave a moment in between; fstat asks the opened file.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise DataError(f"{show(path)}: no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{show(path)}: cannot be opened ({_reason(error)})") from None
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise DataError(f"{show(path)}: is {_KINDS.get(kind, 'not a file')}, expected a file")
    return os.fdopen(descriptor, "rb")


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """All bytes of a regular file. Raises `DataError`."""
    with open_regular(path) as file:
        try:
            return file.read()
        except OSError as error:
            raise DataError(f"{show(path)}: cannot be read ({_reason(error)})") from None


@contextmanager
def open_text(path: str | os.PathLike[str], newline: str) -> Iterator[TextIO]:
    """The lines of a UTF-8 file, with or without a byte order mark; `newline` as in `open`.

    The bytes are held once and decoded piece by piece: decoding all of them at once would
    take four bytes a character as soon as the file holds one emoji.

    Raises `DataError`, also from inside the `with` block, if the file is empty, holds a
    NUL byte or is not UTF-8; another encoding is never guessed.
    """
    data = read_bytes(path)
    check_plain(path, data)
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{show(path)}: is empty")
    try:
        yield io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=newline)
    except UnicodeDecodeError:
        decode(path, data)
        raise  # pragma: no cover - what failed in pieces fails as a whole


def check_plain(path: str | os.PathLike[str], data: bytes) -> None:
    """Refuse what is not UTF-8 text at a glance: UTF-16 and NUL bytes. Raises `DataError`."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{show(path)}: is UTF-16 or UTF-32, expected UTF-8; save it as UTF-8")
    position = data.find(b"\0")
    if position >= 0:
        raise DataError(
            f"{show(path)}, line {_line(data, position)} (byte {position}): holds a NUL byte, "
            "expected UTF-8 text; it may be a binary file"
        )


def decode(path: str | os.PathLike[str], data: bytes) -> str:
    """The bytes of `path` as text, without a byte order mark. Raises `DataError`."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{show(path)}, line {_line(data, error.start)} (byte {error.start}): is not UTF-8; "
            "save it as UTF-8, for instance with: iconv -f ITS-ENCODING -t UTF-8"
        ) from None


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
