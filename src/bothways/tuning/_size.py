"""How large the folder of a model will be, before there is one."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from bothways.errors import ArgumentError
from bothways.training import Preset, network_of
from bothways.tuning._space import Space, Span

KEPT = 50
"""How many trials are told in the folder, the most accurate ones."""

STORY = 12 * 1024 + 500 * KEPT
"""Bytes that are set aside for what is not weights or words: the card, the history, the facts and
the recipe take about 8 KB, and a trial 400 bytes."""


class Sizes:
    """The bytes of the folder that a recipe makes, from shapes and words: never too few.

    `words` are those of the texts by falling frequency, without the padding and the unknown;
    `labels`, the names of the `C` labels.
    """

    def __init__(self, words: Sequence[str], labels: Sequence[str]) -> None:
        # A word stands on a line of its own, after three spaces and before a comma.
        lengths = (len(json.dumps(word, ensure_ascii=False).encode()) + 5 for word in words)
        self._lengths = list(accumulate(lengths, initial=0))
        self._labels = sum(len(json.dumps(label).encode()) + 40 for label in labels)
        self._outputs = max(1, len(labels))  # one less for two labels of which one is right

    @property
    def vocabulary(self) -> int:
        """`V` where no word is left out, padding and unknown included."""
        return len(self._lengths) + 1

    def of(self, recipe: Preset) -> int:
        """Bytes of the folder."""
        size = min(recipe.max_tokens or self.vocabulary, self.vocabulary)
        network = network_of(recipe, outputs=self._outputs)
        weights = sum(math.prod(shape) for shape in network.tensor_shapes(size).values())
        return 4 * weights + self._lengths[size - 2] + self._labels + STORY


def small_enough(
    base: Preset, sizes: Sizes, most: int | None, fixed: Collection[str], space: Space
) -> Preset:
    """`base`, or the like of it whose folder has at most `most` bytes.

    It keeps as many words as will do; where those would be fewer than the search takes, the
    layers become as narrow as the search takes first. Raises `ArgumentError` if that is not
    enough, with the size that would be.
    """
    if most is None or sizes.of(base) <= most:
        return base
    names = [name for name in ("embedding_dim", "hidden_size") if name not in fixed]
    narrow: dict[str, Any] = {name: _least(base, name, space) for name in names}
    for recipe in (base, replace(base, **narrow)):
        if sizes.of(recipe) <= most:
            return recipe
        high = min(recipe.max_tokens or sizes.vocabulary, sizes.vocabulary)
        low = high if "max_tokens" in fixed else min(_least(base, "max_tokens", space), high)
        least = sizes.of(replace(recipe, max_tokens=low))
        if least <= most:
            return _with_most_words(recipe, low, high, sizes, most)
    raise ArgumentError(
        f"{most:,} bytes are too few for a model: the smallest that the search would try takes "
        f"{least:,}"
    )


def _with_most_words(recipe: Preset, low: int, high: int, sizes: Sizes, most: int) -> Preset:
    """The recipe with the most words, from `low` to `high`, with which it fits; `low` does."""
    choices = range(low, high + 1)
    fitting = bisect_right(choices, most, key=lambda n: sizes.of(replace(recipe, max_tokens=n)))
    return replace(recipe, max_tokens=choices[fitting - 1])


def _least(base: Preset, name: str, space: Space) -> int:
    """The least value of a field in the search, or that of `base` if it is less or none there."""
    span, own = space.get(name), getattr(base, name)
    low = int(span.low) if isinstance(span, Span) else own
    return low if own is None else min(low, own)
