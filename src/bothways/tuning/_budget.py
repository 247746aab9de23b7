"""The time that a search may take, and what a training will."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

from bothways.training import Preset


class Budget:
    """`seconds` of the wall clock, from `started` on (now, if not given).

    `clock` gives seconds, as `time.monotonic` does. A little of the time is kept for what
    comes after the search: the model must be written.
    """

    def __init__(
        self,
        seconds: float,
        *,
        started: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self.started = clock() if started is None else started
        self.kept = min(0.02 * seconds, 5.0)

    @property
    def used(self) -> float:
        """Seconds that have gone."""
        return self.clock() - self.started

    @property
    def left(self) -> float:
        """Seconds for training; negative when time is up."""
        return self.seconds - self.kept - self.used


class Cost:
    """What a recipe costs beside the ones that were tried.

    `texts` and `tokens` of the training part. How many seconds a unit of work takes is learned
    from the trials, so that what is the same in all of them (directions, precision, the machine)
    needs no account.
    """

    CAREFUL = 1.25
    """An estimate is taken so many times: one that is too small stops a trial at its end."""

    def __init__(self, texts: int, tokens: int) -> None:
        self.texts, self.tokens = texts, tokens
        self._rates: list[float] = []

    def work(self, recipe: Preset) -> float:
        """An epoch's work, in products of a recurrent layer.

        A token costs `H * H` products, and some of `H` and `I` for gates, gathers and dropout; a
        layer above the first also reads the `2H` states below. A step has its own price. The
        factors are measured on questions of nine tokens and reviews of 230, `H` from 16 to 256.
        """
        h, i, above = recipe.hidden_size, recipe.embedding_dim, recipe.layers - 1
        token = h * h + 55 * h + 11 * i + above * (3 * h * h + 55 * h)
        return self.tokens * token + 5e5 * math.ceil(self.texts / recipe.batch_size)

    def learn(self, recipe: Preset, epochs: float, seconds: float) -> None:
        """`epochs` of the recipe took `seconds`."""
        if epochs:
            self._rates.append(seconds / (epochs * self.work(recipe)))

    def estimate(self, recipe: Preset) -> float:
        """Seconds of all its epochs, rather too many; 0 before the first trial."""
        if not self._rates:
            return 0.0
        return self.CAREFUL * median(self._rates) * self.work(recipe) * recipe.epochs
