"""What is learned from, and the order in which it comes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.data import batches
from bothways.training._loss import Labels
from bothways.training._presets import Preset


class Source(Protocol):
    """Training texts, wherever they lie."""

    @property
    def texts(self) -> int:
        """How many there are."""

    def batches(self, recipe: Preset, rng: np.random.Generator, *, skip: int) -> Iterator[Examples]:
        """One pass over all texts in an order that `rng` alone decides, without the first `skip`
        batches. `rng` is where it would be after a whole pass once the first batch is there, or
        the pass is over: an epoch that goes on after a kill ends as it would have."""


class HeldOut(Protocol):
    """Validation texts, wherever they lie."""

    @property
    def texts(self) -> int:
        """How many there are."""

    @property
    def weighted(self) -> bool:
        """Whether they have weights."""

    def pieces(self, most: int | None = None) -> Iterator[Examples]:
        """All texts, in pieces that fit into memory; with `most`, about so many, or all."""


class Examples(NamedTuple):
    """`N` texts as ids, their labels as `Labels` says, and what each counts.

    `weights (N,)` float32 multiply the texts' losses, and the validation figures are weighted
    means; None: all count the same. For training only, `weights (N, C)` are of each label.
    A `Source` and a `HeldOut` of which all is in memory, too.
    """

    ids: Ragged
    labels: Labels
    weights: NDArray[np.float32] | None = None

    @property
    def texts(self) -> int:
        return len(self.ids)

    @property
    def weighted(self) -> bool:
        return self.weights is not None

    def pieces(self, most: int | None = None) -> Iterator[Examples]:
        return iter([self])

    def take(self, indices: NDArray[np.int64]) -> Examples:
        """The texts at `indices`, in that order."""
        weights = None if self.weights is None else self.weights[indices]
        return Examples(self.ids.take(indices), self.labels[indices], weights)

    def batches(self, recipe: Preset, rng: np.random.Generator, *, skip: int) -> Iterator[Examples]:
        order = batches(self.ids.lengths, recipe.batch_size, rng=rng, bucket=recipe.bucket)
        return (self.take(indices) for indices in islice(order, skip, None))
