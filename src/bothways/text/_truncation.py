"""What a length limit cut off, so that nobody has to guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bothways._ragged import Ragged

TRUNCATE = ("head", "tail", "middle")


class TruncationWarning(UserWarning):
    """Texts were longer than the vectorizer lets through."""


@dataclass(frozen=True)
class Truncation:
    """What the length limit cut off: of `texts` with `tokens` in all, `cut_texts` lost
    `cut_tokens`."""

    texts: int
    tokens: int
    cut_texts: int
    cut_tokens: int

    def __add__(self, other: Truncation) -> Truncation:
        """What was cut off of both collections of texts."""
        return Truncation(
            self.texts + other.texts,
            self.tokens + other.tokens,
            self.cut_texts + other.cut_texts,
            self.cut_tokens + other.cut_tokens,
        )

    def __str__(self) -> str:
        if not self.cut_texts:
            return "no text was cut"
        return (
            f"{self.cut_texts:,} of {self.texts:,} texts ({self.cut_texts / self.texts:.1%}) "
            f"were cut and {self.cut_tokens:,} of {self.tokens:,} tokens "
            f"({self.cut_tokens / self.tokens:.1%}) lost"
        )


class Encoded(NamedTuple):
    """Ids, `(T,)` int32 in a ragged batch of `N` texts, and what was cut."""

    ids: Ragged
    truncation: Truncation


def shorten(ids: Ragged, length: int, truncate: str) -> Encoded:
    """The `N` texts of `ids (T,)` with at most `length` tokens each, and what was cut.

    `truncate`: see `TextVectorizer`.
    """
    first = {"head": length, "tail": 0, "middle": length - length // 2}[truncate]
    lengths = ids.lengths
    long = np.flatnonzero(lengths > length)
    cut = int((lengths[long] - length).sum())
    truncation = Truncation(len(ids), len(ids.values), len(long), cut)
    if not len(long):
        return Encoded(ids, truncation)
    kept = np.ones(len(ids.values), bool)
    starts, ends = ids.offsets[long] + first, ids.offsets[long + 1] - (length - first)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        kept[start:end] = False
    offsets = np.concatenate([[0], np.minimum(lengths, length).cumsum()])
    return Encoded(Ragged(ids.values[kept], offsets), truncation)
