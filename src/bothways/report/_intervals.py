"""How sure a figure is: intervals of 95 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways.errors import require

LEVEL = 0.95
DRAWS = 2_000
"""How often texts are drawn again, with one seed."""


def wilson(hits: int, texts: int) -> list[float]:
    """The interval of a share, low and high, by Wilson's score (J. Am. Stat. Assoc. 22, 1927)."""
    scipy = require("scipy.stats", extra="train", purpose="an interval of confidence")
    interval = scipy.binomtest(hits, texts).proportion_ci(LEVEL, method="wilson")
    return [float(interval.low), float(interval.high)]


def micro_f1(counts: NDArray[np.int64]) -> float:
    """The micro-averaged F1 of texts whose labels were `counts (N, 3)`: rightly given, wrongly
    given and missed. 0 where nothing was given and nothing missed, as scikit-learn has it."""
    return float(_f1(counts.sum(axis=0)))


def micro_f1_interval(counts: NDArray[np.int64]) -> list[float]:
    """The interval of `micro_f1`, low and high, by drawing the texts again (Efron 1979)."""
    return _middle(_f1(_drawn_again(counts)))


def micro_f1_difference(first: NDArray[np.int64], second: NDArray[np.int64]) -> list[float]:
    """The interval of the difference of two models' `micro_f1` on the same `N` texts,
    `first - second`, by drawing the texts again."""
    drawn = _drawn_again(np.concatenate([first, second], axis=1))
    return _middle(_f1(drawn[:, :3]) - _f1(drawn[:, 3:]))


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[list[float], float]:
    """Two classifiers that were right or wrong on the same `N` texts.

    Returns the interval of the difference of their accuracies, `first - second`, by drawing
    the texts again (Efron 1979), and the probability of a
    difference as large if both were equally good, by the exact test of McNemar (1947).
    """
    scipy = require("scipy.stats", extra="train", purpose="an interval of confidence")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    p_value = float(scipy.binomtest(only_first, apart).pvalue) if apart else 1.0
    # The difference depends on how many texts of each kind are drawn, and those are multinomial.
    kinds = np.array([only_first, only_second, len(first) - apart]) / len(first)
    drawn = np.random.default_rng(0).multinomial(len(first), kinds, size=DRAWS)
    return _middle((drawn[:, 0] - drawn[:, 1]) / len(first)), p_value


def _drawn_again(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sums over `N` texts drawn with replacement from `counts (N, K)`, `(DRAWS, K)`.

    Texts with the same counts are of one kind, and how many of each kind are drawn is multinomial.
    """
    kinds, texts = np.unique(counts, axis=0, return_counts=True)
    rng = np.random.default_rng(0)
    shares = texts / len(counts)
    return np.array([rng.multinomial(len(counts), shares) @ kinds for _ in range(DRAWS)])


def _f1(sums: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of sums `(..., 3)`: rightly given, wrongly given, missed."""
    decided = 2 * sums[..., 0] + sums[..., 1] + sums[..., 2]
    return 2 * sums[..., 0] / np.maximum(1, decided)


def _middle(drawn: NDArray[np.floating]) -> list[float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return [float(low), float(high)]
