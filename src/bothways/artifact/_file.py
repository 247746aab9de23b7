"""A single file at a place that a person named: it appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from bothways.artifact import _open as files
from bothways.artifact._atomic import _sync_folder, _write_file
from bothways.errors import ArtifactError

TEMPORARY = ".bothways-"
"""In the names of files whose writer is not done, or was killed."""


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file in one step, in the place of an older one, through symbolic links.

    Raises `ArtifactError`; what was there is then still there, whole.
    """
    target = check_replaceable(path)
    try:
        with temporary_of(target) as temporary:
            _write_file(temporary, data)
    except OSError as error:
        raise ArtifactError(
            f"{files.show(path)}: could not be written ({files.reason(error)})"
        ) from None


@contextmanager
def new_file(target: str) -> Iterator[BinaryIO]:
    """A file to write to, which is at `target` whole once the block ends, and not at all if it
    ends with an error. Raises `OSError`."""
    with temporary_of(target) as temporary, open(temporary, "xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def temporary_of(target: str) -> Iterator[str]:
    """A name beside `target`; what was written there is at `target` after the block."""
    parent, name = os.path.split(target)
    temporary = os.path.join(parent, f".{name[:40]}{TEMPORARY}{secrets.token_hex(4)}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    _sync_folder(parent)


def check_replaceable(path: str | os.PathLike[str]) -> str:
    """The absolute path to write a file to. Raises `ArtifactError` where one cannot be."""
    shown = files.show(path)
    try:
        target = os.path.realpath(os.fsdecode(path))
        there = os.path.lexists(target)
    except ValueError as error:
        raise ArtifactError(f"{shown}: cannot be opened ({error})") from None
    if there and not os.path.isfile(target):
        raise ArtifactError(f"{shown}: is not a file, and only a file can be replaced by one")
    if not os.path.isdir(os.path.dirname(target)):
        raise ArtifactError(f"{shown}: there is no such folder to write to")
    if not os.access(os.path.dirname(target), os.W_OK):
        raise ArtifactError(f"{shown}: nothing can be written to that folder")
    return target
