"""How good probabilities are on a validation part, all from scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.runtime import present
from bothways.training._loss import Labels

Floats = NDArray[np.float32]


class Figures(NamedTuple):
    """`loss` in nats a text, `accuracy`, and `f1`, which is of several labels a text alone.

    The first two are means over texts that count `weight` in all; the last is one over the
    labels that texts have and those that they get, which count `decided`.
    """

    loss: float
    accuracy: float
    f1: float | None = None
    weight: float = 1.0
    decided: float = 0.0


def together(parts: Iterable[Figures]) -> Figures:
    """The figures of several parts as those of all their texts."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    weights, decided = [part.weight for part in found], [part.decided for part in found]
    loss = np.average([part.loss for part in found], weights=weights)
    accuracy = np.average([part.accuracy for part in found], weights=weights)
    several = [part.f1 for part in found if part.f1 is not None]
    f1 = None
    if several:
        f1 = float(np.average(several, weights=decided)) if any(decided) else 0.0
    return Figures(float(loss), float(accuracy), f1, sum(weights), sum(decided))


def figures(labels: Labels, probabilities: Floats, weights: Floats | None) -> Figures:
    """Of `N` texts with the probabilities `(N, C)`, as means weighted by `weights (N,)`.

    With one label a text, `labels (N,)`, the accuracy of the most probable one. With several,
    `labels (N, C)` bool, the accuracy of whole sets of labels, and the micro-averaged F1 over
    all decisions; the loss is then the sum over the labels, as it is in training.
    """
    from sklearn.metrics import accuracy_score, f1_score

    loss = log_loss(labels, probabilities, weights)
    several = labels.ndim == 2
    guess = present(probabilities) if several else probabilities.argmax(axis=1)
    accuracy = float(accuracy_score(labels, guess, sample_weight=weights))
    each = np.ones(len(labels)) if weights is None else weights
    weight = float(each.sum(dtype=np.float64))
    if not several:
        return Figures(loss, accuracy, None, weight)
    f1 = f1_score(labels, guess, average="micro", sample_weight=weights, zero_division=0.0)
    decided = float(each.astype(np.float64) @ (labels.sum(axis=1) + guess.sum(axis=1)))
    return Figures(loss, accuracy, float(f1), weight, decided)


def log_loss(labels: Labels, probabilities: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The mean of `-log p(labels)` in nats, over texts that count `weights (N,)`.

    Of the probabilities `(N, C)` those of one label a text, `labels (N,)`, are scaled to sum to
    1, which float32 does nearly; with `labels (N, C)` it is the sum over the labels.
    """
    from sklearn.metrics import log_loss as of_scikit_learn

    p = np.asarray(probabilities, np.float64)
    C = p.shape[1]
    if labels.ndim == 2:
        every = None if weights is None else np.repeat(weights, C)
        each = of_scikit_learn(labels.ravel(), p.ravel(), labels=[False, True], sample_weight=every)
        return float(each) * C
    p = p / p.sum(axis=1, keepdims=True)
    return float(of_scikit_learn(labels, p, labels=np.arange(C), sample_weight=weights))
