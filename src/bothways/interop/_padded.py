"""Padded batches, for programs that know no others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged

_AT_ONCE = 32
_TEXTS, _PLACES = 250, 60_000


def in_batches(ids: Ragged) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """32 texts at a time, in order: ids `(B, L)`, filled with zeros, and lengths `(B,)`."""
    for start in range(0, len(ids), _AT_ONCE):
        part = ids.slice(start, start + _AT_ONCE)
        yield part.to_padded()[0], part.lengths


def padded_batches(
    ids: Ragged, length: int | None = None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Which of the texts are in a batch, `(B,)`, and their ids, `(B, L)`, filled with zeros.

    `L` is `length`; or, where that changes nothing in their answers, texts of about the same
    length are together and filled up to the longest of them, and to 1 at least. A batch has no
    more than 250 texts, and 60,000 places unless a single text has more.
    """
    order = np.arange(len(ids)) if length else np.argsort(-ids.lengths, kind="stable")
    start = 0
    while start < len(ids):
        width = length or max(1, int(ids.lengths[order[start]]))
        some = order[start : start + max(1, min(_TEXTS, _PLACES // width))]
        yield some, ids.take(some).to_padded(width)[0]
        start += len(some)
