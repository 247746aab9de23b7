"""How good probabilities are on a validation part, all from scikit-learn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.runtime import present
from bothways.training._loss import Labels

Floats = NDArray[np.float32]


class Figures(NamedTuple):
    """`loss` in nats a text, `accuracy`, and `f1`, which is of several labels a text alone."""

    loss: float
    accuracy: float
    f1: float | None = None


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
    if not several:
        return Figures(loss, accuracy)
    f1 = f1_score(labels, guess, average="micro", sample_weight=weights, zero_division=0.0)
    return Figures(loss, accuracy, float(f1))


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
