"""How sure a figure is: intervals of 95 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways.errors import require

LEVEL = 0.95


def wilson(hits: int, texts: int) -> list[float]:
    """The interval of a share, low and high, by Wilson's score (J. Am. Stat. Assoc. 22, 1927)."""
    scipy = require("scipy.stats", extra="train", purpose="an interval of confidence")
    interval = scipy.binomtest(hits, texts).proportion_ci(LEVEL, method="wilson")
    return [float(interval.low), float(interval.high)]


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[list[float], float]:
    """Two classifiers that were right or wrong on the same `N` texts.

    Returns the interval of the difference of their accuracies, `first - second`, by drawing
    the texts again 2,000 times with one seed (Efron 1979), and the probability of a
    difference as large if both were equally good, by the exact test of McNemar (1947).
    """
    scipy = require("scipy.stats", extra="train", purpose="an interval of confidence")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    p_value = float(scipy.binomtest(only_first, apart).pvalue) if apart else 1.0
    # The difference depends on how many texts of each kind are drawn, and those are multinomial.
    kinds = np.array([only_first, only_second, len(first) - apart]) / len(first)
    drawn = np.random.default_rng(0).multinomial(len(first), kinds, size=2_000)
    differences = (drawn[:, 0] - drawn[:, 1]) / len(first)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    return [float(low), float(high)], p_value
