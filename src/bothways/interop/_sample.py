"""Texts to compare two programs on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bothways.artifact import VectorizerSpec
from bothways.errors import ArgumentError

MOST = 1_000
"""Texts of a sample that are compared: enough to meet every case, soon done in any program."""

_MADE = 100
_LONGEST = 60


def sample_of(texts: Sequence[str] | None, vectorizer: VectorizerSpec) -> list[str]:
    """At most `MOST` of the texts, or texts made of the vocabulary. Raises `ArgumentError` for
    an empty list."""
    if texts is None:
        return made_of(vectorizer)
    if len(texts) == 0:
        raise ArgumentError("there are no texts to compare on, expected one or more")
    return spread(texts)


def spread(texts: Sequence[str]) -> list[str]:
    """At most `MOST` of the texts, from all over them: files are often sorted by label."""
    step = max(1, len(texts) / MOST)
    return [texts[int(k * step)] for k in range(min(len(texts), MOST))]


def made_of(vectorizer: VectorizerSpec) -> list[str]:
    """Texts of random words of the vocabulary, the same every time.

    The first is empty and the second a word that is unknown; if texts are cut, the third is
    longer than that.
    """
    rng = np.random.default_rng(0)
    words = np.array(["unheard-of", *vectorizer.vocabulary[2:]], dtype=object)
    between = "" if vectorizer.split == "character" else " "
    lengths = [0, 1, *rng.integers(1, _LONGEST, _MADE - 2).tolist()]
    if vectorizer.output_sequence_length is not None:
        lengths[2] = vectorizer.output_sequence_length + 3
    texts = [between.join(words[rng.integers(0, len(words), n)]) for n in lengths]
    texts[1] = "unheard-of"
    return texts
