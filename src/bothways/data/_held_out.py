"""Which rows are held out, so that it stays the same as data grow: by a hash, or by a column."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError

HELD_OUT = "true, 1, valid, validation, dev or test"
LEARNED = "false, 0, train or nothing"
_ANSWERS = {
    **dict.fromkeys(("true", "1", "valid", "validation", "dev", "test"), True),
    **dict.fromkeys(("false", "0", "train", ""), False),
}


def hash_split(texts: Sequence[str], fraction: float | str) -> NDArray[np.bool_]:
    """Which of `N` texts are held out, `(N,)` bool: about that fraction of the different ones.

    A text is held out if its hash, a number below 2^64, is below `fraction` times 2^64. The hash
    is BLAKE2b (RFC 7693) with a digest of 8 bytes, read as a little-endian number, of the text's
    UTF-8. So a text is on the same side in any data, of any size and order, and a copy of it
    cannot be learned from while it is measured on. A larger fraction holds out the same texts,
    and more.

    Where data are read in pieces, each piece is split by itself:
    `piece.take(np.flatnonzero(hash_split(piece.texts, 0.1)))` is what it holds out.

    Raises `ArgumentError` unless the fraction, perhaps as it is typed, is between 0 and 1.
    """
    below = int(_checked(fraction) * 2**64)
    return np.fromiter((_hash(text) < below for text in texts), np.bool_, len(texts))


def held_out_rows(
    validation: str, texts: Sequence[str], held_out: Sequence[bool] | None
) -> NDArray[np.bool_]:
    """Which of `N` texts `hash:FRACTION` or `column:NAME` holds out, `(N,)` bool.

    `held_out (N,)` is what the column says of them, as `Dataset.held_out`.

    Raises `ArgumentError` for other words, and for a column without what it says.
    """
    kind, _, what = validation.partition(":")
    if kind == "hash":
        return hash_split(texts, what)
    if kind != "column" or not what:
        raise ArgumentError(
            f"got {validation!r} to hold out, expected a fraction, a count, hash:FRACTION or "
            "column:NAME"
        )
    if held_out is None or len(held_out) != len(texts):
        got = "nothing" if held_out is None else f"{len(held_out):,} answers"
        raise ArgumentError(
            f"{validation} needs to know of each of {len(texts):,} texts whether it is held out, "
            f"got {got}; pass held_out=, such as read(..., held_out={what!r}).held_out"
        )
    return np.asarray(held_out, np.bool_)


def held_out_column(validation: Any) -> str | None:
    """The NAME of `column:NAME`; None for whatever else says what is held out."""
    if isinstance(validation, str) and validation.startswith("column:"):
        return validation.removeprefix("column:")
    return None


def is_held_out(value: Any) -> bool | None:
    """What a cell says of its row: held out, not, or None where it says neither.

    Words in any case, bools, whole numbers; nothing, a null and NaN are not held out.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return False
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _ANSWERS.get(str(value).strip().casefold())


def _checked(fraction: Any) -> float:
    try:
        number = float(fraction)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(fraction, bool) or not 0 < number < 1:
        raise ArgumentError(f"got hash:{fraction}, expected a number between 0 and 1 after hash:")
    return number


def _hash(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
