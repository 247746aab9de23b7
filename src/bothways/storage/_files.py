"""Opening a file of this machine: that it is one, and that it may be read."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from bothways.errors import DataError
from bothways.storage._names import show
from bothways.storage._told import reason

# A name for what is not a file, by its type in `st_mode`.
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


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
        raise DataError(f"{show(path)}: cannot be opened ({reason(error)})") from None
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise DataError(f"{show(path)}: is {_KINDS.get(kind, 'not a file')}, expected a file")
    return os.fdopen(descriptor, "rb")
