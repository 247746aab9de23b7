"""Texts as the default model reads them, and a key for each by which equal ones are found."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from hashlib import blake2b

from bothways import Ragged
from bothways.text import TextVectorizer


def token_ids(*parts: Sequence[str], threads: int) -> list[Ragged]:
    """The ids of each part's tokens, from one vocabulary in which every word has an id."""
    vectorizer = TextVectorizer().adapt([text for part in parts for text in part])
    return [vectorizer.encode(part, threads=threads).ids for part in parts]


def keys(ids: Ragged) -> list[bytes]:
    """16 bytes a text that are equal where all tokens are; empty for a text without a token."""
    return [
        blake2b(ids[n].tobytes(), digest_size=16).digest() if length else b""
        for n, length in enumerate(ids.lengths.tolist())
    ]


def groups(keys: Sequence[Hashable]) -> list[list[int]]:
    """The places of equal keys, where there are two or more, the largest groups first; the
    empty key is no group."""
    first: dict[Hashable, int] = {}
    found: dict[int, list[int]] = {}
    for n, key in enumerate(keys):
        if key and first.setdefault(key, n) != n:
            found.setdefault(first[key], [first[key]]).append(n)
    return sorted(found.values(), key=lambda places: (-len(places), places[0]))
