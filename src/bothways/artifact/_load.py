"""From a model folder to a spec and its tensors."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.artifact._atomic import aside
from bothways.artifact._open import SPEC, WEIGHTS, about, open_folder, read_spec, read_weights, show
from bothways.artifact._spec import Spec
from bothways.errors import ArtifactError

# How often a folder may be replaced under the reader before it gives up.
_ATTEMPTS = 10
# Of 64: a name to tell models apart by, not a defence.
_DIGITS = 16


class Loaded(NamedTuple):
    """A model as read from its folder, and its `fingerprint`."""

    spec: Spec
    tensors: dict[str, NDArray[np.float32]]
    fingerprint: str


def load(folder: str | os.PathLike[str]) -> tuple[Spec, dict[str, NDArray[np.float32]]]:
    """Read a model folder: its spec, and its tensors as `spec.tensor_shapes` names them.

    Every byte of `spec.json` and `model.safetensors` is covered by a checksum. The tensors are
    float32, finite, writable, and in memory of their own, not mapped from the file: a model
    that is open stays as it is when its folder is replaced or removed.

    Raises `ArtifactError`, one sentence naming the file and what is wrong with it.
    """
    return load_with_fingerprint(folder)[:2]


def load_with_fingerprint(folder: str | os.PathLike[str]) -> Loaded:
    """What `load` gives, and 16 hexadecimal digits that change with any byte of it."""
    path = os.fsdecode(folder)
    for _ in range(_ATTEMPTS):
        descriptor = _open(path)
        try:
            with about(os.path.join(path, SPEC)):
                spec, weights, _, digest = read_spec(descriptor)
            with about(os.path.join(path, WEIGHTS)):
                tensors = read_weights(descriptor, spec, weights)
            return Loaded(spec, tensors, digest[:_DIGITS])
        except ArtifactError:
            # A folder that was replaced meanwhile may have lost its files: read the new one.
            if _is_still_there(descriptor, path):
                raise
        finally:
            os.close(descriptor)
    raise ArtifactError(f"{show(path)}: was replaced {_ATTEMPTS} times while it was read")


def _open(path: str) -> int:
    """A descriptor of the folder, or of the old one while it stands aside."""
    for _ in range(_ATTEMPTS):
        with suppress(FileNotFoundError):
            return open_folder(path)
        # Either name may be gone in the moment between finding out and opening.
        old = aside(os.path.realpath(path))
        if old is not None:
            with suppress(FileNotFoundError):
                return open_folder(old)
    raise ArtifactError(f"{show(path)}: there is no such model folder")


def _is_still_there(descriptor: int, path: str) -> bool:
    """True unless another folder is at `path` by now, or this one was never there."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return os.fstat(descriptor).st_nlink > 0
