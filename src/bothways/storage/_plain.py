"""Bytes that are UTF-8 text, or a sentence that says where they are not."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

from bothways.errors import DataError

_PIECE = 1 << 18


class Plain(io.RawIOBase):
    """The bytes of a file, checked as they pass: no NUL byte, no UTF-16, all UTF-8.

    `passed` counts the bytes so far, and `blank` is true as long as these were white space alone.
    `name` is for messages: a `DataError` comes out of `read` and names the line and the byte.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.blank = True
        self._file, self._name = file, name
        self.passed = self._lines = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._file.read(len(buffer))
        self._check(data)
        buffer[: len(data)] = data
        self.passed += len(data)
        self._lines += data.count(b"\n")
        return len(data)

    def _check(self, data: bytes) -> None:
        if self.passed == 0 and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(f"{self._name}: is UTF-16 or UTF-32, expected UTF-8; save it as UTF-8")
        zero = data.find(b"\0")
        if zero >= 0:
            raise DataError(
                f"{self._place(data, zero)}: holds a NUL byte, expected UTF-8 text; it may be a "
                "binary file"
            )
        pending = len(self._decoder.getstate()[0])  # of a character that the last piece began
        try:
            self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self._place(data, error.start - pending)}: is not UTF-8; save it as UTF-8, for "
                "instance with: iconv -f ITS-ENCODING -t UTF-8"
            ) from None
        if self.blank:
            mark = codecs.BOM_UTF8 if self.passed == 0 else b""
            self.blank = not data.removeprefix(mark).strip()

    def _place(self, data: bytes, at: int) -> str:
        line = self._lines + data.count(b"\n", 0, max(at, 0)) + 1
        return f"{self._name}, line {line} (byte {self.passed + at})"


def as_text(plain: Plain, newline: str) -> io.TextIOWrapper:
    """The text of checked bytes, without a byte order mark; `newline` as in `open`."""
    return io.TextIOWrapper(io.BufferedReader(plain, _PIECE), encoding="utf-8-sig", newline=newline)
