"""What a cache folder says of itself, as JSON that tells when it was damaged."""

from __future__ import annotations

import json
from hashlib import file_digest, sha256
from typing import Any

from bothways.artifact import new_file


def write_note(path: str, note: dict[str, Any]) -> None:
    """Write the note whole, or not at all. Raises `OSError`."""
    text = json.dumps(note)
    with new_file(path) as file:
        file.write(f"{sha256(text.encode()).hexdigest()}\n{text}\n".encode())


def read_note(path: str) -> dict[str, Any] | None:
    """The note; None if there is none, or it is not what was written."""
    try:
        with open(path, encoding="utf-8") as file:
            digest, _, text = file.read().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    text = text.removesuffix("\n")
    return json.loads(text) if digest == sha256(text.encode()).hexdigest() else None


def digest_of(path: str) -> str | None:
    """The SHA-256 of a file's bytes; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
