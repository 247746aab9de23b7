"""How often each word occurs, counted piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.kernels import _kernels
from bothways.text._truncation import Truncation
from bothways.text._vocabulary import frequent, ranked


class Counted(NamedTuple):
    """The `n` distinct words as Arrow lays strings out: `utf8 (B,)` uint8, word `k` from
    `offsets[k]` to `offsets[k + 1]`, `offsets (n + 1,)` int64; and `counts (n,)` int64."""

    utf8: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]


class WordCounts:
    """The words of all texts that were added, in whatever pieces they came.

    Made by `TextVectorizer.counter`, whose rules it follows: see there.
    """

    def __init__(self, texts: Callable[[Any], Any], rules: Any, length: int | None) -> None:
        self._texts, self._rules, self._counts = texts, rules, _kernels.TokenCounts()
        self._length = -1 if length is None else length

    def add(self, texts: Any) -> Truncation:
        """Count the words of some more texts; returns what the vectorizer would cut off.

        Raises as `TextVectorizer.adapt` does.
        """
        views = self._texts(texts)
        return Truncation(len(views), *self._counts.add(views, self._rules, self._length))

    def arrays(self) -> Counted:
        """All words and counts, in the order in which they came."""
        return Counted(*self._counts.arrays())

    def most_frequent(self, max_tokens: int | None) -> list[str]:
        """The words that `TextVectorizer(max_tokens)` would know, in the order of their ids."""
        counts = self._counts.arrays()[2]
        numbers = frequent(counts, max_tokens)
        return ranked(self._counts.tokens(numbers), counts[numbers].tolist(), max_tokens)

    def __len__(self) -> int:
        return len(self._counts)
