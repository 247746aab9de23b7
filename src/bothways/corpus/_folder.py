"""The folder of caches: where it is, what is in it, and who uses it.

    ROOT/KEY/about.json        what it was made from, and when
    ROOT/KEY/words.json        the words and labels of all shards
    ROOT/KEY/00000.train.arrow the first shard's texts to learn from, as ids
    ROOT/KEY/00000.valid.arrow those that are held out
    ROOT/KEY/00000.json        their blocks and checksums; written last

Each file appears whole, and a killed run leaves those that it had done. The folder is locked by
the one who makes it, and shared by those who train from it.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from bothways.artifact import TEMPORARY, claim
from bothways.corpus._notes import read_note, write_note
from bothways.corpus._plan import FORMAT, Plan
from bothways.errors import ArgumentError, CacheError

ABOUT = "about.json"


class Cache(NamedTuple):
    """A cache: its `bytes` on disk, when it was last used (seconds since 1970), and what it was
    made from: `source` and `valid` are None where another version, or a crash, left it."""

    key: str
    path: str
    bytes: int
    used: float
    source: str | None
    valid: str | None


def cache_root(folder: str | None = None) -> str:
    """`folder`, or `$BOTHWAYS_CACHE`, or `bothways` in `$XDG_CACHE_HOME` or in `~/.cache`."""
    named = folder or os.environ.get("BOTHWAYS_CACHE")
    if named:
        return os.path.abspath(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "bothways")


def caches(root: str) -> list[Cache]:
    """All caches in the folder, those used last first."""
    try:
        names = [name for name in os.listdir(root) if re.fullmatch("[0-9a-f]{16}", name)]
    except OSError:
        return []
    found = [_cache(name, os.path.join(root, name)) for name in names]
    return sorted(found, key=lambda cache: -cache.used)


def remove(root: str, key: str) -> Cache:
    """Remove a cache; its key may be cut to as many digits as tell it apart.

    Raises `ArgumentError` if there is none, or several, and `CacheError` if a run uses it.
    """
    found = [cache for cache in caches(root) if key and cache.key.startswith(key)]
    if len(found) != 1:
        count = f"{len(found)} caches begin" if found else "no cache begins"
        raise ArgumentError(f"{count} with {key!r} in {root}; `bothways cache list` has them")
    (cache,) = found
    with locked(cache.path) as mine:
        if not mine:
            raise CacheError(f"{cache.path}: a run uses this cache now")
        shutil.rmtree(cache.path)
    return cache


@contextmanager
def locked(path: str, *, shared: bool = False) -> Iterator[bool]:
    """Whether the folder, which is made if need be, is ours within the block, alone or `shared`.

    Raises `CacheError` if it cannot be made.
    """
    try:
        lock = claim(path, shared=shared)
    except OSError as error:
        raise CacheError(f"{path}: {error.strerror or error}") from None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def begin(path: str, plan: Plan) -> None:
    """Say what the folder is made from, and sweep up after killed writers. Raises `OSError`."""
    for name in os.listdir(path):
        if name.startswith(".") and TEMPORARY in name:
            os.unlink(os.path.join(path, name))
    about = {"format": FORMAT, "source": plan.source, "valid": plan.valid, "made": time.time()}
    write_note(os.path.join(path, ABOUT), about)


def touch(path: str) -> None:
    """The cache is used now."""
    with suppress(OSError):
        os.utime(os.path.join(path, ABOUT))


def on_disk(path: str) -> int:
    """The bytes of the files in a cache's folder."""
    return sum(entry.stat().st_size for entry in os.scandir(path))


def _cache(key: str, path: str) -> Cache:
    about: dict[str, Any] = read_note(os.path.join(path, ABOUT)) or {}
    if about.get("format") != FORMAT:
        about = {}
    size, used = 0, 0.0
    with suppress(OSError):
        size = on_disk(path)
        used = os.stat(path).st_mtime
        used = os.stat(os.path.join(path, ABOUT)).st_mtime
    return Cache(key, path, size, used, about.get("source"), about.get("valid"))
