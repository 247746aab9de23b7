"""Renaming, with both sides of an exchange in place at every moment where Linux allows it."""

from __future__ import annotations

import ctypes
import errno
import os

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# Not known to the C library, the kernel, the file system, or a container's filter.
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}

ASIDE = ".old"
"""What is appended to a name while its folder stands aside."""


def exchange(first: str, second: str) -> None:
    """Swap two folders of one parent. Raises `OSError`, and has then changed nothing.

    Atomic by renameat2(2) with RENAME_EXCHANGE. Where that is not supported, `second` stands
    aside, as `first` + ASIDE, between two renames: a kill in between leaves no `second`, and
    whoever misses it finds it there.
    """
    try:
        _renameat2(first, second)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        aside = first + ASIDE
        os.rename(second, aside)
        try:
            os.rename(first, second)
            try:
                os.rename(aside, first)
            except BaseException:
                os.rename(second, first)
                raise
        except BaseException:
            os.rename(aside, second)
            raise


def _renameat2(first: str, second: str) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    arguments = (_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second))
    if function(*arguments, ctypes.c_uint(_RENAME_EXCHANGE)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), second)
