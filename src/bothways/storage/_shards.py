"""DATA in one file or many: which they are, and whether they are still what they were."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from typing import NamedTuple

from bothways.errors import DataError
from bothways.storage._names import (
    COMPRESSED,
    FORMATS,
    format_of,
    is_url,
    show,
    suffixes,
    without_file,
)
from bothways.storage._stdin import NAME, spool, stdin_format
from bothways.storage._store import list_store, look_up
from bothways.storage._told import MissingError


class Shard(NamedTuple):
    """One file of DATA.

    `name` is how messages show it, `url` a local path or an fsspec URL, `bytes` its size as
    stored (so compressed, if it is; 0 where a store does not say). `version` changes when its
    content does: size and time of change in nanoseconds, or what the store has for that.
    """

    name: str
    url: str
    bytes: int
    version: str


def is_shards(data: str) -> bool:
    """Whether DATA may be more than one local file: a glob, a URL, `-` for rows on standard
    input, or a folder whose files are shards, unlike one with a subfolder for each label.

    Raises `DataError` for a folder that is both.
    """
    data = without_file(data)
    if stdin_format(data) is not None or is_url(data):
        return True
    if os.path.isdir(data):
        return _is_folder_of_shards(data)
    return glob.has_magic(data) and not os.path.lexists(data)


def find_shards(data: str) -> list[Shard]:
    """The files of DATA, sorted by name; a path of one file gives one shard.

    In a folder names that begin with a dot or an underscore are none, as in Spark and Hive, and
    so in a glob that does not ask for them.

    Raises `DataError` if there are none, if one has a suffix of no format, or if there are two
    formats; `MissingExtraError` where a URL needs a package that is not installed.
    """
    data, kind = without_file(data), stdin_format(data)
    if kind is not None:
        spooled = spool(kind)
        return [Shard(NAME, spooled.path, spooled.bytes, spooled.version)]
    if is_url(data):
        found = [Shard(show(file.url), *file) for file in list_store(data)]
    elif os.path.isdir(data):
        if not _is_folder_of_shards(data):
            raise DataError(
                f"{show(data)}: is a folder without shards or with subfolders, expected files that "
                f"end in one of {', '.join(FORMATS)}"
            )
        found = _local(os.path.join(data, name) for name in _names(data))
    elif is_shards(data):
        found = _local(path for path in glob.glob(data, recursive=True) if _asked_for(path, data))
    else:
        found = [_look_up(data)]
    if not found:
        what = "no file matches" if glob.has_magic(data) else "is a folder without files"
        raise DataError(f"{show(data)}: {what}")
    found.sort()
    _check_formats(found)
    return found


def check_unchanged(shard: Shard) -> None:
    """Raises `DataError` if the shard has vanished or changed since it was found."""
    if shard.name == NAME:
        return
    try:
        now = _look_up(shard.url)
    except MissingError:
        raise DataError(f"{shard.name}: has vanished since it was listed") from None
    if now.version != shard.version:
        raise DataError(
            f"{shard.name}: has changed since it was listed: it had {shard.bytes:,} bytes, version "
            f"{shard.version}, and has {now.bytes:,}, version {now.version}; begin again"
        )


def _look_up(url: str) -> Shard:
    if is_url(url):
        return Shard(show(url), *look_up(url))
    try:
        found = os.stat(url)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise MissingError(f"{show(url)}: no such file or folder") from None
    except OSError as error:
        raise DataError(f"{show(url)}: cannot be looked up ({error.strerror})") from None
    return Shard(show(url), url, found.st_size, f"{found.st_size}-{found.st_mtime_ns}")


def _local(paths: Iterable[str]) -> list[Shard]:
    return [_look_up(path) for path in paths if not os.path.isdir(path)]


def _asked_for(path: str, pattern: str) -> bool:
    return not os.path.basename(path).startswith("_") or os.path.basename(pattern).startswith("_")


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith((".", "_"))]
    except OSError as error:
        raise DataError(f"{show(folder)}: cannot be listed ({error.strerror})") from None


def _is_folder_of_shards(folder: str) -> bool:
    names = _names(folder)
    shards = [name for name in names if format_of(name) is not None]
    folders = [name for name in names if os.path.isdir(os.path.join(folder, name))]
    # Lists of names in a .txt lie beside the label folders of well-known data.
    tables = [name for name in shards if format_of(name) != "fasttext" and name not in folders]
    if folders and tables:
        raise DataError(
            f"{show(folder)}: holds shards such as {show(min(tables))!r} and folders such as "
            f"{show(min(folders))!r}, expected shards or one subfolder for each label; a glob "
            "such as FOLDER/*.csv takes the shards"
        )
    return bool(shards) and not folders


def _check_formats(shards: list[Shard]) -> None:
    first = shards[0]
    for shard in shards:
        suffix, compression = suffixes(shard.url)
        kind = format_of(shard.url)
        if kind is None:
            raise DataError(
                f"{shard.name}: has {f'the suffix {suffix!r}' if suffix else 'no suffix'}, "
                f"expected one of {', '.join(FORMATS)}, for text also with one of "
                f"{', '.join(COMPRESSED)}, or a folder with one subfolder for each label"
            )
        if kind == "parquet" and compression:
            raise DataError(
                f"{shard.name}: is compressed around Parquet, which compresses its columns "
                "itself; expected a plain .parquet file"
            )
        if kind != format_of(first.url):
            raise DataError(
                f"{shard.name}: is {kind}, and {first.name} is {format_of(first.url)}; shards "
                "have one format"
            )
