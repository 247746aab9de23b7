"""From a spec and its tensors to a model folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping

from numpy.typing import NDArray

from bothways.artifact import _document, _weights
from bothways.artifact import _open as files
from bothways.artifact._atomic import sweep, write_folder
from bothways.artifact._spec import Spec
from bothways.errors import ArtifactError, listed


def save(
    folder: str | os.PathLike[str],
    spec: Spec,
    tensors: Mapping[str, NDArray],
    card: str,
    *,
    overwrite: bool = False,
    extras: Mapping[str, bytes] | None = None,
) -> None:
    """Write a model folder that appears whole or not at all, whatever happens meanwhile.

    `tensors` are those of `spec.tensor_shapes`, float32 and finite; `spec.storage` says how they
    are written. `card` becomes
    `README.md`; `extras` are further files by name, such as `history.jsonl`. Missing parent
    folders are made. With `overwrite` a model that is there is replaced in one step, if the
    folder holds nothing but what `save` wrote.

    Raises `ArtifactError`, one sentence; what was at `folder` is then still there, whole.
    """
    path = _check_target(folder, overwrite)
    with files.about(path):
        contents = encode(spec, tensors, card, extras)
    try:
        write_folder(path, contents, replace=overwrite)
    except OSError as error:
        raise ArtifactError(
            f"{files.show(path)}: the model could not be written ({files.reason(error)})"
        ) from None


def encode(
    spec: Spec,
    tensors: Mapping[str, NDArray],
    card: str,
    extras: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The bytes of each file of the folder that `save` would write. Raises `ArtifactError`."""
    contents = dict(extras or {})
    for name, data in contents.items():
        _check_extra(name, data)
    weights = _weights.encode(tensors, spec.tensor_shapes, spec.storage)
    document = _document.encode(spec, weights, tuple(sorted(contents)))
    try:
        readme = card.encode("utf-8")
    except UnicodeEncodeError:
        raise ArtifactError("the card holds half of a surrogate pair") from None
    return contents | {files.WEIGHTS: weights, files.CARD: readme, files.SPEC: document}


def check_writable(folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Raise now what `save` to `folder` would raise later: call it before a long training.

    Raises `ArtifactError` if something else is there, or its parent cannot be written to.
    """
    parent = os.path.dirname(_check_target(folder, overwrite))
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    try:
        # Asking for permissions is not enough: a disk may be mounted read-only.
        os.rmdir(tempfile.mkdtemp(prefix=".bothways-", dir=parent))
    except OSError as error:
        raise ArtifactError(
            f"{files.show(parent)}: nothing can be written there ({files.reason(error)})"
        ) from None


def _check_target(folder: str | os.PathLike[str], overwrite: bool) -> str:
    """The absolute path to write to, through symbolic links. Raises `ArtifactError`."""
    try:
        path = os.path.realpath(os.fsdecode(folder))
        sweep(path)
        names = sorted(os.listdir(path))
    except FileNotFoundError:
        return path
    except NotADirectoryError:
        raise ArtifactError(
            f"{files.show(folder)}: is not a folder, and a model is one; choose another name"
        ) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{files.show(folder)}: cannot be opened ({files.reason(error)})"
        ) from None
    if os.path.ismount(path):
        raise ArtifactError(
            f"{files.show(folder)}: is where a disk is mounted, which cannot be replaced; "
            "choose a folder within it"
        )
    if names:
        _check_model(path, names, overwrite)
    return path


def _check_model(path: str, names: list[str], overwrite: bool) -> None:
    """Refuse to replace a folder unless everything in it is known to come from `save`."""
    shown = files.show(path)
    if files.SPEC not in names:
        raise ArtifactError(
            f"{shown}: holds {listed(names, 3)} and is no model; choose a new folder"
        )
    if not overwrite:
        raise ArtifactError(
            f"{shown}: holds a model already; overwrite=True (--overwrite) replaces it"
        )
    try:
        ours = files.file_names(path)
    except (ArtifactError, FileNotFoundError) as error:
        raise ArtifactError(
            f"{shown}: is not replaced, because {files.SPEC} is not that of a model: {error}"
        ) from None
    others = [n for n in names if n not in ours]
    if others:
        raise ArtifactError(
            f"{shown}: is not replaced, because it also holds {others[0]!r}, which was not "
            "saved with the model; move it away or choose a new folder"
        )


def _check_extra(name: str, data: bytes) -> None:
    try:
        fine = 0 < len(name.encode("utf-8")) <= 255 and not set(name) & {"/", "\\", "\0"}
    except (UnicodeEncodeError, AttributeError):
        fine = False
    if not fine or name.startswith(".") or name in (files.SPEC, files.WEIGHTS, files.CARD):
        raise ArtifactError(f"got {name!r} as the name of an extra file, expected a plain name")
    if not isinstance(data, bytes):
        raise ArtifactError(f"got {type(data).__name__} for the extra file {name}, expected bytes")
