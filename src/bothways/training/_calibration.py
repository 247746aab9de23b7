"""How far probabilities are from the truth, and one number that brings them closer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.training._validation import log_loss

CALIBRATION_TEXTS = 100
"""The smallest validation part that a temperature is fitted on."""

CALIBRATION_BINS = 10
"""Bins of equal width from 0 to 1 in the expected calibration error."""

FOLDS = 5
# A temperature outside of this range says that the scores mean nothing.
_LOWEST, _HIGHEST = 0.02, 50.0

Doubles = NDArray[np.float64]


def calibration_error(
    truth: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """The expected calibration error of the answers, from 0 to 1 (Guo et al. 2017, equation 3).

    `truth (N,)` are label numbers and `probabilities (N, C)`. The texts are put into
    `CALIBRATION_BINS` bins by the probability of their most probable label; the error is the
    distance between the share of right answers in a bin and their mean probability, averaged
    over all texts, which count `weights (N,)`. With `truth (N, C)` bool, where a text may have
    several labels, it is that of all pairs of text and label: how many have it in a bin.
    """
    truth, p = np.asarray(truth), np.asarray(probabilities, np.float64)
    counts = np.ones(len(p)) if weights is None else np.asarray(weights, np.float64)
    if truth.ndim == 2:
        confidence, right = p.ravel(), truth.ravel()
        counts = np.repeat(counts, p.shape[1])
    else:
        confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    # A bin holds its upper end, as in the paper.
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    apart = np.bincount(bins, counts * (right - confidence), CALIBRATION_BINS)
    return float(np.abs(apart).sum() / counts.sum())


def brier_score(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean squared distance from the truth (Brier 1950), as scikit-learn scales it.

    With two labels that of the second's probability, from 0 to 1; with more the sum over the
    labels, from 0 to 2. `truth (N,)` are label numbers, `probabilities (N, C)`.
    """
    from sklearn.metrics import mean_squared_error

    p = np.asarray(probabilities, np.float64)
    hit = np.eye(p.shape[1])[np.asarray(truth)]
    return float(mean_squared_error(hit, p)) * (1 if p.shape[1] == 2 else p.shape[1])


def fit_temperature(logits: ArrayLike, truth: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The temperature by which scores are divided for the least log loss (Guo et al. 2017).

    `logits` are `(N, 1)` before a sigmoid or `(N, C)` before a softmax, `truth (N,)` the label
    numbers; or `(N, C)` before a sigmoid each, and `truth (N, C)` bool. Above 1 it makes
    probabilities less extreme, below 1 more. From 0.02 to 50.
    """
    from scipy.optimize import minimize_scalar

    truth = np.asarray(truth)
    several = truth.ndim == 2

    def loss(log_temperature: float) -> float:
        return log_loss(truth, scaled(logits, math.exp(log_temperature), several), weights)

    found = minimize_scalar(loss, bounds=(math.log(_LOWEST), math.log(_HIGHEST)), method="bounded")
    return math.exp(found.x)


def fit_calibration(
    logits: ArrayLike, truth: ArrayLike, weights: ArrayLike | None = None, *, seed: int = 0
) -> dict[str, Any]:
    """Fit a temperature on `N` held-out texts, and measure what it does on texts it has not seen.

    Arguments as of `fit_temperature`. The facts: `temperature`, and `log_loss` and
    `calibration_error`, each `[before, after]`. After is cross-validated: each of `folds` parts
    is judged by the temperature of the others. Where that does not lower the log loss, the
    temperature is 1, and the figures say what the refused one did.
    """
    from sklearn.model_selection import KFold

    logits, truth = np.asarray(logits, np.float64), np.asarray(truth)
    counts = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64)
    several = truth.ndim == 2
    before = scaled(logits, 1.0, several)
    after = np.empty_like(before)
    for rest, part in KFold(FOLDS, shuffle=True, random_state=seed).split(logits):
        found = fit_temperature(logits[rest], truth[rest], counts[rest])
        after[part] = scaled(logits[part], found, several)
    losses = [log_loss(truth, p, counts) for p in (before, after)]
    better = losses[1] < losses[0]
    return {
        "temperature": fit_temperature(logits, truth, counts) if better else 1.0,
        "texts": len(truth),
        "log_loss": losses,
        "calibration_error": [calibration_error(truth, p, counts) for p in (before, after)],
        "bins": CALIBRATION_BINS,
        "folds": FOLDS,
    }


def scaled(logits: ArrayLike, temperature: float, several: bool = False) -> Doubles:
    """The probabilities `(N, C)` of scores `(N, 1)` or `(N, C)` at a temperature; each by itself
    where a text may have `several` labels."""
    from scipy.special import expit, softmax

    z = np.asarray(logits, np.float64) / temperature
    if several:
        return expit(z)
    return softmax(np.concatenate([np.zeros_like(z), z], axis=1) if z.shape[1] == 1 else z, axis=1)
