"""What a length limit cut off, so that nobody has to guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bothways._ragged import Ragged


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
