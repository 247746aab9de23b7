"""Compressed files, by their suffix."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import Any, BinaryIO

from bothways.errors import DataError, require
from bothways.storage._told import Told, buffered, reason


def decompressed(file: BinaryIO, suffix: str, name: str) -> BinaryIO:
    """What a `.gz`, `.bz2`, `.xz` or `.zst` file holds, piece by piece; `""` is the file itself.

    Reading raises `DataError` if it is damaged or cut off. Raises `MissingExtraError` for
    Zstandard without pyarrow.
    """
    if not suffix:
        return file
    stream: Any
    if suffix == ".gz":
        stream = gzip.GzipFile(fileobj=file)
    elif suffix == ".bz2":
        stream = bz2.BZ2File(file)
    elif suffix == ".xz":
        stream = lzma.LZMAFile(file)  # noqa: SIM115 - whoever reads closes what is below
    else:
        pa = require("pyarrow", extra="train", purpose="reading .zst")
        stream = pa.CompressedInputStream(file, "zstd")
    return buffered(
        Told(stream, lambda e: DataError(f"{name}: is not a whole {suffix} file ({reason(e)})"))
    )
