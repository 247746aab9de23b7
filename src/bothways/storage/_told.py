"""A stream whose failures are sentences, whichever library it comes from."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from bothways.errors import BothwaysError, DataError

Answer = TypeVar("Answer")


class MissingError(DataError):
    """Nothing is there: what was listed before has vanished."""


class Told(io.RawIOBase):
    """`file`, but what goes wrong in it is raised as `explain` says it.

    Stores and decompressors raise whatever their libraries raise: there is no common type.
    """

    def __init__(self, file: Any, explain: Callable[[Exception], BothwaysError]) -> None:
        self._file, self._explain = file, explain

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer) -> int:
        data = self._ask(self._file.read, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._ask(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._ask(self._file.tell)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _ask(self, method: Callable[..., Answer], *arguments: Any) -> Answer:
        try:
            return method(*arguments)
        except BothwaysError:
            raise
        except Exception as error:
            raise self._explain(error) from None


def buffered(file: io.RawIOBase) -> BinaryIO:
    """Whole reads: a raw stream may give less than it is asked for."""
    return io.BufferedReader(file, 1 << 18)


def reason(error: Exception) -> str:
    """The first line of what a library says, or the name of its error if it says nothing."""
    said = getattr(error, "strerror", None) or str(error)
    return said.strip().partition("\n")[0].rstrip(". ") or type(error).__name__
