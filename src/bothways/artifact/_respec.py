"""Changing what a model folder says of itself, and not one byte of its weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256

from bothways.artifact import _document
from bothways.artifact import _open as files
from bothways.artifact._atomic import write_folder
from bothways.artifact._load import load
from bothways.artifact._spec import Spec
from bothways.artifact._store import check_writable
from bothways.errors import ArtifactError


def respec(
    folder: str | os.PathLike[str],
    change: Callable[[Spec], Spec],
    change_card: Callable[[str], str],
) -> None:
    """Give the model of `folder` another spec, in one step; its weights and other files stay.

    `change` and `change_card` get what is there and return what shall be; neither the tensors'
    shapes nor their storage may change. Raises `ArtifactError`, one sentence; the folder is then
    as it was.
    """
    check_writable(folder, overwrite=True)
    load(folder)  # every byte is checked before it is written again
    path = os.path.realpath(os.fsdecode(folder))
    descriptor = files.open_folder(path)
    try:
        old, weights, extras, _ = files.read_spec(descriptor)
    finally:
        os.close(descriptor)
    try:
        kept = {
            name: _bytes(os.path.join(path, name)) for name in (files.WEIGHTS, files.CARD, *extras)
        }
        if sha256(kept[files.WEIGHTS]).hexdigest() != weights.sha256:
            raise ArtifactError(f"{files.show(path)}: was replaced while it was read")
        new = change(old)
        card = change_card(kept[files.CARD].decode("utf-8", errors="replace"))
        document = _document.encode(new, kept[files.WEIGHTS], extras)
        write_folder(path, {**kept, files.CARD: card.encode(), files.SPEC: document}, replace=True)
    except OSError as error:
        raise ArtifactError(
            f"{files.show(path)}: the model could not be written ({files.reason(error)})"
        ) from None


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
