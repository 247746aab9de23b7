"""A page is written whole or not at all."""

from __future__ import annotations

import os

from bothways import artifact


def check_page(path: str) -> None:
    """Raise now, `ArtifactError`, what `write_page` would raise: call it before the work."""
    artifact.check_replaceable(path)


def write_page(path: str, html: str) -> None:
    """Write a page, in the place of an older one. Raises `ArtifactError`; the older one stays.

    Halves of surrogate pairs, which UTF-8 cannot hold, become question marks.
    """
    artifact.replace_file(os.fspath(path), html.encode("utf-8", "replace"))
