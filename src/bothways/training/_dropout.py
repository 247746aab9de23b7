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

    `words (U, I)` has a row for each distinct word, used wherever it stands in the batch.
    `inputs (N, I)`, and `layers`, one `(N, D * H)` for each layer above the first, have a row
    for each text, used at all its steps (Gal & Ghahramani 2016). `features (N, F)` are those
    that the dense layer reads.
    """

    words: Floats | None
    inputs: Floats | None
    layers: tuple[Floats | None, ...]
    features: Floats | None


def draw_masks(spec: NetworkSpec, texts: int, words: int, rng: np.random.Generator) -> Masks:
    """The masks of a step on `texts` texts with `words` distinct words."""
    states = spec.directions * spec.hidden_size
    return Masks(
        _mask((words, spec.embedding_dim), spec.embedding_dropout, rng),
        _mask((texts, spec.embedding_dim), spec.input_dropout, rng),
        tuple(_mask((texts, states), spec.layer_dropout, rng) for _ in range(spec.layers - 1)),
        _mask((texts, spec.width), spec.dropout, rng),
    )


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
