"""How good probabilities are on a validation part, all from scikit-learn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    from sklearn.metrics import accuracy_score, f1_score, log_loss

    p = probabilities.astype(np.float64)
    if labels.ndim == 2:
        guess, each = present(probabilities), labels.shape[1]
        every = None if weights is None else np.repeat(weights, each)
        loss = log_loss(labels.ravel(), p.ravel(), labels=[False, True], sample_weight=every)
        return Figures(
            float(loss) * each,
            float(accuracy_score(labels, guess, sample_weight=weights)),
            float(
                f1_score(labels, guess, average="micro", sample_weight=weights, zero_division=0.0)
            ),
        )
    accuracy = accuracy_score(labels, p.argmax(axis=1), sample_weight=weights)
    p /= p.sum(axis=1, keepdims=True)
    loss = log_loss(labels, p, labels=np.arange(p.shape[1]), sample_weight=weights)
    return Figures(float(loss), float(accuracy))
