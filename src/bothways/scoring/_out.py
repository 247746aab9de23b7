"""The folder that scored shards are written to, here or in a store."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from bothways.artifact import claim
from bothways.errors import BothwaysError, DataError, require
from bothways.storage import show, without_file

MANIFEST = "_bothways.json"

# Names that begin with a dot or an underscore are no data, as in Spark and Hive.
_TEMPORARY = re.compile(r"(^|.*/)\.[^/]*\.bothways-[0-9a-f]{8}$")


class Out:
    """A folder, `out` its path or fsspec URL, and what may be done in it.

    A file appears whole or not at all: it is written under a temporary name beside its place,
    flushed to disk where that is here, and renamed. Every method raises `DataError` where the
    folder or store refuses.
    """

    def __init__(self, out: str) -> None:
        fs = require("pyarrow.fs", extra="train", purpose="writing shards")
        out = without_file(out)
        self.url, self.local = out, "://" not in out
        if self.local:
            self._files, self._root = fs.LocalFileSystem(), os.path.realpath(out)
            return
        fsspec = require("fsspec", extra="remote", purpose=f"writing {out.partition(':')[0]}://")
        with self._told(""):
            store, self._root = fsspec.core.url_to_fs(out)
            self._files = fs.PyFileSystem(fs.FSSpecHandler(store))

    def __reduce__(self) -> tuple[type[Out], tuple[str]]:
        return Out, (self._root if self.local else self.url,)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone in the folder, which is made if need be; a store has no locks."""
        if not self.local:
            yield
            return
        if os.path.lexists(self._root) and not os.path.isdir(self._root):
            raise DataError(f"{show(self.url)}: is not a folder, and shards are written into one")
        with self._told(""):
            lock = claim(self._root)
        if lock is None:
            raise DataError(f"{show(self.url)}: another run is writing to it; wait until it ends")
        try:
            yield
        finally:
            os.close(lock)

    def names(self) -> set[str]:
        """The files below the folder, without what killed runs left, which is removed."""
        fs = require("pyarrow.fs", extra="train", purpose="writing shards")
        with self._told(""):
            selector = fs.FileSelector(self._root, recursive=True, allow_not_found=True)
            found = self._files.get_file_info(selector)
            paths = [info.path for info in found if info.type == fs.FileType.File]
        root = self._root.strip("/")
        names = {path.strip("/").removeprefix(root).lstrip("/") for path in paths}
        left = {name for name in names if _TEMPORARY.match(name)}
        for name in left:
            self.remove(name)
        return names - left

    def remove(self, name: str) -> None:
        """Remove a file of the folder."""
        with self._told(name):
            self._files.delete_file(self._path(name))

    def read(self, name: str) -> bytes:
        """All bytes of a file of the folder."""
        with self._told(name, "read"), self._files.open_input_stream(self._path(name)) as file:
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder."""
        sink = Sink(self, name)
        try:
            with sink.told():
                sink.stream.write(data)
            sink.commit()
        finally:
            sink.discard()

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _told(self, name: str, what: str = "written") -> Iterator[None]:
        try:
            yield
        except BothwaysError:
            raise
        except Exception as error:  # stores raise what their libraries raise
            where = show(os.path.join(self.url, name) if name else self.url)
            number = getattr(error, "errno", None)  # pyarrow's have a text of their own
            reason = os.strerror(number) if number else str(error).partition("\n")[0]
            raise DataError(f"{where}: cannot be {what} ({reason})") from None


class Sink:
    """A file of `out` that is being written, compressed as the suffix of its name says.

    `stream` takes its bytes; `commit` puts it in its place; `discard` removes what is not there
    yet, and may follow `commit`.
    """

    def __init__(self, out: Out, name: str) -> None:
        self._out, self._name = out, name
        folder, _, last = name.rpartition("/")
        temporary = f".{last[:100]}.bothways-{secrets.token_hex(4)}"
        self._temporary: str | None = f"{folder}/{temporary}" if folder else temporary
        with out._told(name):
            if folder:
                out._files.create_dir(out._path(folder), recursive=True)
            self._file = out._files.open_output_stream(out._path(self._temporary))
            self.stream = compressed(self._file, name)

    def told(self) -> AbstractContextManager[None]:
        """Within it what `stream` raises becomes a `DataError` that names the file."""
        return self._out._told(self._name)

    def commit(self) -> None:
        """Put the file in its place, over one that is there."""
        out = self._out
        assert self._temporary is not None
        path = out._path(self._temporary)
        with out._told(self._name):
            if self.stream is not self._file:
                self.stream.close()
            self._file.close()
            if out.local:  # a rename must not reach the disk before what is renamed
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            out._files.move(path, out._path(self._name))
        self._temporary = None

    def discard(self) -> None:
        """Remove the file if it was not committed."""
        if self._temporary is None:
            return
        with suppress(Exception):  # a full disk refuses the last bytes, too
            self._file.close()
        with suppress(DataError):
            self._out.remove(self._temporary)
        self._temporary = None


def compressed(file: Any, name: str) -> Any:
    """A stream into `file` that compresses as the suffix of `name` says, if it says so."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".gz":  # the time in its header would make two runs differ
        return gzip.GzipFile("", "wb", 6, file, mtime=0)
    if suffix == ".bz2":
        return bz2.BZ2File(file, "wb")
    if suffix == ".xz":
        return lzma.LZMAFile(file, "wb")
    if suffix == ".zst":
        pa = require("pyarrow", extra="train", purpose="writing .zst")
        return pa.CompressedOutputStream(file, "zstd")
    return file
