"""DATA in many files: which they are, and whether they are still what they were."""

from __future__ import annotations

import glob
import os
import re
import stat
from typing import NamedTuple

from bothways.data._files import show
from bothways.errors import DataError

# A protocol of at least two letters: `c:` is a drive.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Shard(NamedTuple):
    """One file of DATA.

    `name` is how messages show it, `url` a local path or an fsspec URL, `bytes` its size as
    stored (so compressed, if it is). `version` changes when its content does: size and time of
    change in nanoseconds, or what the store has for that.
    """

    name: str
    url: str
    bytes: int
    version: str


def is_shards(data: str) -> bool:
    """Whether DATA may be more than one file: a glob, a URL, `-` for rows on stdin, or a folder
    whose files are shards, unlike one with a subfolder for each label."""
    if data == "-" or _URL.match(data):
        return True
    if os.path.isdir(data):
        return not any(entry.is_dir() for entry in os.scandir(data))
    return not os.path.lexists(data) and glob.has_magic(data)


def find_shards(data: str) -> list[Shard]:
    """The files of DATA, sorted by name; a path of one file gives one shard.

    In a folder names that begin with a dot or an underscore are none, as in Spark and Hive.

    Raises `DataError` if there are none.
    """
    if os.path.isdir(data):
        paths = [os.path.join(data, n) for n in os.listdir(data) if not n.startswith((".", "_"))]
        paths = [path for path in paths if not os.path.isdir(path)]
        if not paths:
            raise DataError(f"{show(data)}: is a folder without files, expected shards")
    elif is_shards(data):
        found = glob.glob(data, recursive=True)
        paths = [path for path in found if not os.path.isdir(path)]
        if not paths:
            raise DataError(f"{show(data)}: no file matches")
    else:
        paths = [data]
    return [_local(path) for path in sorted(paths)]


def check_unchanged(shard: Shard) -> None:
    """Raises `DataError` if the shard has vanished or changed since it was found."""
    if _local(shard.url).version != shard.version:
        raise DataError(f"{shard.name}: has changed since it was listed; begin again")


def _local(path: str) -> Shard:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        raise DataError(f"{show(path)}: no such file or folder") from None
    if stat.S_ISDIR(found.st_mode):
        raise DataError(f"{show(path)}: is a folder, expected a file")
    return Shard(show(path), path, found.st_size, f"{found.st_size}-{found.st_mtime_ns}")
