"""What is minimised: the mean cross entropy of the labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

Labels = NDArray[np.int64] | NDArray[np.bool_]
"""The place of each text's label, `(N,)` int64; or, where a text may have several or none,
whether it has each of them, `(N, C)` bool."""


def cross_entropy(
    logits: Floats, labels: Labels, weights: Floats | None = None, texts: int | None = None
) -> tuple[float, Floats]:
    """The mean over texts of `-log p(labels)` in nats, and its gradient `(N, outputs)`.

    With `labels (N,)`, `logits (N, outputs)` are scores of a softmax, or, with one output, of a
    sigmoid for the second label. With `labels (N, C)` each is the score of a sigmoid of its own,
    and the loss of a text is the sum over its `C` labels. No logit overflows, and an unlikely
    label costs what it should: logarithms are taken before exponentials are rounded.
    These few numbers are computed in float64. A NaN gives a NaN, without a warning.

    With `weights (N,)` each text's loss is multiplied by its own, with `weights (N, C)` that of
    each label. The sum is still divided by `N`, not by the sum of the batch's weights: the same
    text then counts the same in any batch. With `texts` it is divided by that: the `N` here, none
    perhaps, are those of a batch of so many that one of several processes computes.
    """
    with np.errstate(invalid="ignore"):
        return _cross_entropy(logits.astype(np.float64), labels, weights, texts or len(logits))


def _cross_entropy(z, labels, weights, texts):
    N = len(z)
    w = np.ones((N, 1)) if weights is None else _columns(weights).astype(np.float64)
    if labels.ndim == 2 or z.shape[1] == 1:
        y = _columns(labels)
        loss = np.logaddexp(0, z) - y * z  # -y log s(z) - (1 - y) log s(-z)
        d_z = np.exp(-np.logaddexp(0, -z)) - y  # s(z) - y
    else:
        z -= z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        text, d_z = np.arange(N), np.exp(log_p)
        d_z[text, labels] -= 1
        loss = -log_p[text, labels][:, None]
    return float((w * loss).sum()) / texts, (w * d_z / texts).astype(np.float32)


def _columns(x):
    """`(N, C)` as it is, and `(N,)` as one column."""
    return x if x.ndim == 2 else x[:, None]
