"""A folder appears whole or not at all.

It is written under a temporary name beside its place, flushed to disk, and renamed. A killed
writer leaves its temporary folder; the next one to the same place removes it. Whether the
writer lives is told by a lock on the folder itself, not by a process number, which another
process may have by now, or the same one in another container.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256

from bothways.artifact._rename import ASIDE, exchange

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# File systems without locks, or without flushing of folders.
_UNSUPPORTED = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def write_folder(target: str, files: Mapping[str, bytes], *, replace: bool) -> None:
    """Write `files` as the folder `target`, an absolute path without symbolic links.

    With `replace` a folder that is there is exchanged and removed; otherwise it must be
    empty. Raises `OSError`; then `target` is as it was and nothing else is left behind.
    """
    parent = os.path.dirname(target)
    os.makedirs(parent, exist_ok=True)
    sweep(target)
    temporary, lock = _new_folder(target)
    try:
        for name, data in files.items():
            _write_file(os.path.join(temporary, name), data)
        _sync_folder(temporary)
        undo = _put(temporary, target, replace)
        try:
            _sync_folder(parent)
        except BaseException:
            undo()
            raise
    finally:
        # Holds the unfinished folder, or after an exchange the old one.
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(lock)


def claim(path: str, *, shared: bool = False) -> int | None:
    """Make the folder `path` if need be, and lock it until the descriptor is closed, for oneself,
    or `shared` with others that share it.

    None if somebody else has locked it. Raises `OSError`.
    """
    while True:
        os.makedirs(path, exist_ok=True)
        descriptor = os.open(path, _OPEN_FOLDER | os.O_NOFOLLOW)
        if _lock(descriptor, shared) is False:
            os.close(descriptor)
            return None
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its owner removed it meanwhile


def _put(temporary: str, target: str, replace: bool) -> Callable[[], None]:
    """Move the folder to its place; return how to move it back."""
    if replace and os.path.lexists(target):
        exchange(temporary, target)
        return lambda: exchange(temporary, target)
    os.rename(temporary, target)
    return lambda: os.rename(target, temporary)


def sweep(target: str) -> None:
    """Remove what killed writers to `target` left; put back an old folder that stands aside."""
    parent = os.path.dirname(target)
    with suppress(OSError):
        for name in sorted(os.listdir(parent)):
            if name.startswith(_prefix(target)):
                with suppress(OSError):
                    _sweep_one(os.path.join(parent, name), target)


def _sweep_one(path: str, target: str) -> None:
    descriptor = os.open(path, _OPEN_FOLDER | os.O_NOFOLLOW)
    try:
        if not _lock(descriptor):
            return
        if path.endswith(ASIDE) and not os.path.lexists(target):
            os.rename(path, target)
        else:
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def aside(target: str) -> str | None:
    """Where the old folder stands if a writer was killed in the middle of an exchange."""
    parent = os.path.dirname(target)
    try:
        names = sorted(os.listdir(parent))
    except OSError:
        return None
    found = [n for n in names if n.startswith(_prefix(target)) and n.endswith(ASIDE)]
    return os.path.join(parent, found[0]) if found else None


def _prefix(target: str) -> str:
    """How temporary names for `target` begin: readable, its own, and never too long."""
    name = os.path.basename(target)
    return f".{name[:40]}.{sha256(os.fsencode(name)).hexdigest()[:8]}.bothways-"


def _new_folder(target: str) -> tuple[str, int]:
    """A new, locked folder beside `target`, and the descriptor that holds the lock."""
    while True:
        path = os.path.join(os.path.dirname(target), _prefix(target) + secrets.token_hex(4))
        os.mkdir(path)
        try:
            descriptor = os.open(path, _OPEN_FOLDER)
        except FileNotFoundError:
            continue  # a sweeper came between mkdir and lock, and took it for a dead writer's
        except BaseException:
            os.rmdir(path)
            raise
        if _lock(descriptor) is not False and _is_at(descriptor, path):
            return path, descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, shared: bool = False) -> bool | None:
    """Lock a folder; False if somebody else has it, None where there are no locks."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in _UNSUPPORTED else False
    return True


def _write_file(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: str) -> None:
    descriptor = os.open(path, _OPEN_FOLDER)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)
