"""Dropout: which features are forgotten for the time of a step."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import NetworkSpec

Floats = NDArray[np.float32]


class Masks(NamedTuple):
    """What features are multiplied by in a step; None where nothing is dropped.

    `words (U, I)`, or `(U, 1)` if only whole words are dropped, has a row for each distinct word,
    used wherever it stands in the batch.
    `inputs (N, I)`, and `layers`, one `(N, D * H)` for each layer above the first, have a row
    for each text, used at all its steps (Gal & Ghahramani 2016). `features (N, F)` are those
    that the dense layer reads.
    """

    words: Floats | None
    inputs: Floats | None
    layers: tuple[Floats | None, ...]
    features: Floats | None

    def of(self, texts: NDArray[np.int64], words: NDArray[np.int64]) -> Masks:
        """Those of a part of the batch: the rows of its `texts (n,)` and of its `words (u,)`."""
        return Masks(
            _rows(self.words, words),
            _rows(self.inputs, texts),
            tuple(_rows(mask, texts) for mask in self.layers),
            _rows(self.features, texts),
        )


def draw_masks(spec: NetworkSpec, texts: int, words: int, rng: np.random.Generator) -> Masks:
    """The masks of a step on `texts` texts with `words` distinct words."""
    states = spec.directions * spec.hidden_size
    return Masks(
        _words(words, spec, rng),
        _mask((texts, spec.embedding_dim), spec.input_dropout, rng),
        tuple(_mask((texts, states), spec.layer_dropout, rng) for _ in range(spec.layers - 1)),
        _mask((texts, spec.width), spec.dropout, rng),
    )


def _words(words: int, spec: NetworkSpec, rng: np.random.Generator) -> Floats | None:
    """Features of words are dropped as everywhere; a word that is dropped is zeros, and the
    others are not made larger for it: a text that lacks a word is no other kind of text."""
    features = _mask((words, spec.embedding_dim), spec.embedding_dropout, rng)
    if not spec.word_dropout:
        return features
    kept = (rng.random((words, 1), np.float32) >= spec.word_dropout).astype(np.float32)
    return kept * (np.float32(1) if features is None else features)


def _mask(shape: tuple[int, int], rate: float, rng: np.random.Generator) -> Floats | None:
    """0 with probability `rate`, else `1 / (1 - rate)`, so that the mean is 1.

    The rate is rounded to a multiple of 2**-16: sixteen bits an element are drawn in a third
    of the time of a float32.
    """
    if not rate:
        return None
    size, dropped = math.prod(shape), min(max(round(rate * 2**16), 1), 2**16 - 1)
    bits = rng.integers(0, 2**64, (size + 3) // 4, np.uint64).view(np.uint16)[:size]
    scale = np.float32(2**16 / (2**16 - dropped))
    return np.multiply(bits >= dropped, scale, dtype=np.float32).reshape(shape)


def _rows(mask: Floats | None, rows: NDArray[np.int64]) -> Floats | None:
    return None if mask is None else mask[rows]
