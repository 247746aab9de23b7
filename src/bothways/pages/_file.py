"""A page is written whole or not at all."""

from __future__ import annotations

import os

from bothways import artifact
from bothways.errors import ArtifactError


def check_page(path: str, *sources: str) -> None:
    """Raise now, `ArtifactError`, what `write_page` would raise: call it before the work.

    `sources` are the files that the page is about; it must not take the place of one.
    """
    target = artifact.check_replaceable(path)
    for source in sources:
        if os.path.exists(target) and os.path.exists(source) and os.path.samefile(target, source):
            raise ArtifactError(f"{path}: is read for the page, which would replace it")


def write_page(path: str, html: str) -> None:
    """Write a page, in the place of an older one. Raises `ArtifactError`; the older one stays.

    Halves of surrogate pairs, which UTF-8 cannot hold, become question marks.
    """
    artifact.replace_file(os.fspath(path), html.encode("utf-8", "replace"))
