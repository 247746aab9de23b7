"""Reading what is in a model folder, one regular file of bounded size at a time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from bothways.artifact import _document, _weights
from bothways.artifact._document import Document, Weights
from bothways.artifact._spec import Spec
from bothways.errors import ArtifactError

SPEC, WEIGHTS, CARD = "spec.json", "model.safetensors", "README.md"


def show(path: str | os.PathLike[str]) -> str:
    """A path as one printable line, whatever bytes or line breaks its name holds."""
    text = os.fsdecode(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def reason(error: Exception) -> str:
    """What went wrong, without the number and the path that Python writes around it."""
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def about(path: str) -> Iterator[None]:
    """Put the file's name before the message of an `ArtifactError` from within."""
    try:
        yield
    except ArtifactError as error:
        raise ArtifactError(f"{show(path)}: {error}") from None


def open_folder(path: str) -> int:
    """A descriptor of the folder. Raises `ArtifactError`, and `FileNotFoundError`."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except NotADirectoryError:
        raise ArtifactError(f"{show(path)}: is not a folder, expected a model folder") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{show(path)}: cannot be opened ({reason(error)})") from None


def read_spec(folder: int) -> Document:
    """What `spec.json` of the open folder holds. Raises `ArtifactError`."""
    return _document.decode(_read(folder, SPEC, _document.LARGEST))


def file_names(path: str) -> list[str]:
    """The names of the files that belong to the model folder `path`, and of no others in it.

    Raises `ArtifactError`, and `FileNotFoundError`.
    """
    descriptor = open_folder(path)
    try:
        return [SPEC, WEIGHTS, CARD, *read_spec(descriptor).extras]
    finally:
        os.close(descriptor)


def read_weights(folder: int, spec: Spec, weights: Weights) -> dict:
    """The checked tensors of the open folder. Raises `ArtifactError`."""
    most = _weights.largest(spec.tensor_shapes, spec.storage)
    if weights.bytes > most:
        raise ArtifactError(f"the spec says {weights.bytes} bytes, its shapes at most {most}")
    data = _read(folder, WEIGHTS, weights.bytes, exactly=True)
    if sha256(data).hexdigest() != weights.sha256:
        raise ArtifactError("its bytes do not match the checksum in spec.json: it was damaged")
    return _weights.decode(data, spec.tensor_shapes, spec.storage)


def _read(folder: int, name: str, size: int, *, exactly: bool = False) -> bytes:
    """The bytes of a regular file of at most, or exactly, `size` bytes; never wait for a pipe."""
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=folder)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise ArtifactError("it is not a file")
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(min(size, status.st_size) + 1)
    except FileNotFoundError:
        raise ArtifactError("there is no such file: the model is not whole") from None
    except OSError as error:
        raise ArtifactError(f"it cannot be read ({reason(error)})") from None
    if len(data) > size or (exactly and len(data) < size):
        expected = f"{'' if exactly else 'at most '}{size:,}"
        raise ArtifactError(f"it has {status.st_size:,} bytes, expected {expected}")
    return data
