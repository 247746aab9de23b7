"""Opening a shard, wherever it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

from bothways.errors import DataError
from bothways.storage._compressed import decompressed
from bothways.storage._files import open_regular
from bothways.storage._names import is_http, is_url, show, suffixes
from bothways.storage._plain import Plain, as_text
from bothways.storage._shards import Shard
from bothways.storage._store import open_url
from bothways.storage._told import Told, buffered, reason


@contextmanager
def open_bytes(shard: Shard) -> Iterator[BinaryIO]:
    """The bytes of a shard from the beginning, decompressed as its suffix says.

    Raises `DataError`, also while it is read, if it is not there, may not be read, or is damaged.
    """
    with _opened(shard, seek=False) as file:
        yield decompressed(file, suffixes(shard.url)[1], shard.name)


@contextmanager
def open_text(shard: Shard, newline: str) -> Iterator[tuple[TextIO, Plain]]:
    """The text of a UTF-8 file, with or without a byte order mark, in bounded memory; `newline`
    as in `open`. `Plain.blank` tells afterwards whether there was anything in it.

    Raises `DataError`, also while it is read, as `open_bytes`, and if it holds a NUL byte or is
    not UTF-8; another encoding is never guessed.
    """
    with open_bytes(shard) as file:
        plain = Plain(file, shard.name)
        yield as_text(plain, newline), plain


def read_text(path: str) -> str:
    """All of a UTF-8 file of this machine, as it is named. Raises `DataError` as `open_text`."""
    with open_regular(path) as file:
        told = Told(file, lambda e: DataError(f"{show(path)}: cannot be read ({reason(e)})"))
        return as_text(Plain(buffered(told), show(path)), newline="").read()


@contextmanager
def open_anywhere(shard: Shard) -> Iterator[BinaryIO]:
    """The bytes of a shard, as stored, to be read at any place.

    What comes over HTTP is copied into a temporary file: not every server knows ranges. Raises
    `DataError` as `open_bytes`, and if the disk is full.
    """
    if not is_http(shard.url):
        with _opened(shard, seek=True) as file:
            yield file
        return
    with tempfile.TemporaryFile(prefix="bothways-") as copy:
        with _opened(shard, seek=False) as file:
            try:
                shutil.copyfileobj(file, copy, 1 << 20)
                copy.seek(0)
            except OSError as error:
                where = tempfile.gettempdir()
                raise DataError(
                    f"{shard.name}: cannot be copied to {where} ({reason(error)})"
                ) from None
        yield copy


@contextmanager
def _opened(shard: Shard, *, seek: bool) -> Iterator[BinaryIO]:
    if is_url(shard.url):
        file = open_url(shard.url, seek=seek)
    else:
        told = Told(
            open_regular(shard.url),
            lambda e: DataError(f"{shard.name}: cannot be read ({reason(e)})"),
        )
        file = buffered(told)
    try:
        yield file
    finally:
        with suppress(Exception):  # a store's trouble after all has been read is no news
            file.close()
