"""A page is written whole or not at all."""

from __future__ import annotations

import os

from bothways import artifact
from bothways.errors import ArtifactError

_BEGIN = b"<!doctype html"


def check_page(path: str) -> None:
    """Raise now, `ArtifactError`, what `write_page` would raise: call it before the work.

    A page takes the place of a page or of an empty file alone: data, or a part of a model,
    whose name was typed by mistake stays.
    """
    target = artifact.check_replaceable(path)
    try:
        with open(target, "rb") as file:
            begin = file.read(len(_BEGIN))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    if begin and begin.lower() != _BEGIN:
        raise ArtifactError(f"{path}: is not a page, and only a page is replaced by one")


def write_page(path: str, html: str) -> None:
    """Write a page, in the place of an older one. Raises `ArtifactError`; the older one stays.

    Halves of surrogate pairs, which UTF-8 cannot hold, become question marks.
    """
    check_page(path)
    artifact.replace_file(os.fspath(path), html.encode("utf-8", "replace"))
