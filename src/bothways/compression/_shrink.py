"""The model with the most words whose folder is no larger than wanted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bothways import artifact
from bothways.artifact import Spec
from bothways.compression._words import by_importance, keep_words
from bothways.errors import ArgumentError

Floats = NDArray[np.float32]


def shrink(
    spec: Spec, tensors: Mapping[str, Floats], max_bytes: int | None = None
) -> tuple[Spec, dict[str, Floats]]:
    """The model in 8 bits with the most important words that fit, and its tensors, float32.

    The folder, spec, weights and card together, has at most `max_bytes` bytes; None keeps every
    word. Words are dropped by `by_importance` and then read as [UNK].

    Raises `ArgumentError`, with the least possible size, if not even one word fits.
    """
    spec = replace(spec, storage="int8")
    words = by_importance(tensors)

    def with_words(count: int) -> tuple[Spec, dict[str, Floats]]:
        if count == len(words):
            return spec, dict(tensors)
        return keep_words(spec, tensors, words[:count])

    def size(count: int) -> int:
        small, arrays = with_words(count)
        return sum(map(len, artifact.encode(small, arrays, artifact.card(small)).values()))

    count = len(words)
    if max_bytes is not None and size(count) > max_bytes:
        count = bisect_right(range(count), max_bytes, key=size) - 1
        if count < 1:
            raise ArgumentError(
                f"the model does not fit into {max_bytes:,} bytes: its folder has at least "
                f"{size(1):,}, with one word of {len(words):,}"
            )
    small, arrays = with_words(count)
    return small, artifact.rounded(arrays, small.storage)
