"""Whose row a word of a file is, and the rows as they are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import DataError
from bothways.text import TextVectorizer

Floats = NDArray[np.float32]

# The widest embedding of a model.
_WIDEST = 65_536
SPREAD = 0.1
"""The standard deviation of the rows that training begins with: `docs/vectors.md` has the
measurement, and what happens with numbers as large as in some files."""

_MISSING, _STANDARDIZED, _EXACT = 0, 1, 2


class Vectors(NamedTuple):
    """Rows for the `V` words of a vocabulary, `rows (V, I)` float32, zeros where `found (V,)`
    bool is false. `composed` of the found ones are no words of the file, but were put together
    from its rows for parts of words."""

    rows: Floats
    found: NDArray[np.bool_]
    composed: int = 0


class Rows:
    """The rows of a vectorizer's words, filled while the words of a file `name` pass by.

    A word of the file is a word of the vocabulary if it is the same string. Where no word of
    the file is, the first one counts that becomes it by the vectorizer's standardization:
    `The` or `the,` for `the`. Words in angle brackets, such as `<unk>` and `</s>`, are marks
    of the program that wrote the file, and are never standardized.
    """

    def __init__(self, vectorizer: TextVectorizer, name: str) -> None:
        self.name = name
        self.words = vectorizer.get_vocabulary()
        options = {**vectorizer.get_config(), "output_sequence_length": None, "truncate": "head"}
        # A limit would cut two words to one.
        self._vectorizer = TextVectorizer.from_config(options, self.words)
        self._state = np.zeros(len(self.words), np.int8)
        self._rows: Floats | None = None
        self.seen = 0

    def claim(self, words: Sequence[bytes]) -> list[tuple[int, int]]:
        """Which of the next words of the file are wanted: their places here, and the ids that
        they have, `put` to be called for each in this order. What is not UTF-8 is no word."""
        self.seen += len(words)
        texts = [_decode(word) for word in words]
        ids = self._vectorizer.encode(texts).ids
        claimed = []
        for place in np.flatnonzero(ids.lengths == 1).tolist():
            token = int(ids.values[ids.offsets[place]])
            state = _EXACT if texts[place] == self.words[token] else _STANDARDIZED
            if state == _STANDARDIZED and texts[place].startswith("<"):
                continue
            if token > 1 and state > self._state[token]:
                self._state[token] = state
                claimed.append((place, token))
        return claimed

    def missing(self) -> Iterable[int]:
        """The ids of the words that have no row yet."""
        return (np.flatnonzero(self._state[2:] == _MISSING) + 2).tolist()

    def put(self, token: int, vector: Floats, where: str) -> None:
        """The row of a token, `(I,)`. Raises `DataError` if a number of it is not finite, or
        there are more than any embedding has."""
        if not np.isfinite(vector).all():
            bad = vector[~np.isfinite(vector)][0]
            raise DataError(
                f"{self.name}, {where}: the vector of {self.words[token]!r} holds {bad}, "
                "expected finite numbers"
            )
        if self._rows is None:
            if len(vector) > _WIDEST:
                raise DataError(
                    f"{self.name}, {where}: the vector has {len(vector):,} numbers, expected at "
                    f"most {_WIDEST:,}"
                )
            self._rows = np.zeros((len(self.words), len(vector)), np.float32)
        self._rows[token] = vector
        self._state[token] = max(self._state[token], _STANDARDIZED)

    def vectors(self, composed: int = 0) -> Vectors:
        """What was found. Raises `DataError` if that is nothing."""
        if self._rows is None:
            raise DataError(
                f"{self.name}: none of its {self.seen:,} words is among the "
                f"{len(self.words) - 2:,} of the vocabulary; is it of another language?"
            )
        return Vectors(self._rows, self._state > _MISSING, composed)


def _decode(word: bytes) -> str:
    try:
        return word.decode("utf-8")
    except UnicodeDecodeError:
        return ""
