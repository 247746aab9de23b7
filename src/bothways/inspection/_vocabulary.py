"""How much of a text that was not seen a vocabulary would know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.data import Dataset
from bothways.inspection._facts import Vocabulary
from bothways.text import TextVectorizer

SIZES = (1_000, 5_000, 10_000, 20_000, 30_000, 50_000)
SPECIAL = 2  # padding and unknown have the first two ids


def inspect_vocabulary(
    rows: Dataset, ids: Ragged, other: Ragged | None, *, threads: int
) -> Vocabulary:
    """Coverage of a random fifth of the texts by the words of the rest, most frequent first.

    Counting a text's words among those it is looked up in would promise too much: every word
    that is there once would count as known. `ids` and `other` share one vocabulary.
    """
    counts = np.bincount(ids.values)[SPECIAL:] if len(ids.values) else np.zeros(0, np.int64)
    held_out = _held_out(len(rows))
    coverage: dict[int, float] = {}
    if held_out.any():
        vectorizer = TextVectorizer()
        vectorizer.adapt([t for t, out in zip(rows.texts, held_out, strict=True) if not out])
        looked_up = vectorizer.encode(
            [t for t, out in zip(rows.texts, held_out, strict=True) if out], threads=threads
        ).ids.values
        known = looked_up[looked_up >= SPECIAL] - SPECIAL
        words = vectorizer.vocabulary_size - SPECIAL
        sizes = [size for size in SIZES if size < words] + [words]
        if len(looked_up) and words:
            coverage = {size: float((known < size).sum() / len(looked_up)) for size in sizes}
    return Vocabulary(
        words=int((counts > 0).sum()),
        once=int((counts == 1).sum()),
        held_out_texts=int(held_out.sum()),
        coverage=coverage,
        other_unknown=_unknown(counts, other),
    )


def _held_out(rows: int) -> NDArray[np.bool_]:
    """A fifth of the places, always the same, at least one where there are two."""
    chosen = np.zeros(rows, bool)
    if rows > 1:
        places = np.random.default_rng(0).permutation(rows)
        chosen[places[: max(1, round(rows / 5))]] = True
    return chosen


def _unknown(counts: NDArray[np.int64], other: Ragged | None) -> float | None:
    if other is None or not len(other.values):
        return None
    words = other.values - SPECIAL
    known = np.zeros(max(len(counts), int(words.max()) + 1), bool)
    known[: len(counts)] = counts > 0
    return float((~known[words]).mean())
