"""What is minimised: the mean cross entropy of the labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def cross_entropy(
    logits: Floats, labels: NDArray[np.int64], weights: Floats | None = None
) -> tuple[float, Floats]:
    """The mean over texts of `-log p(label)` in nats, and its gradient `(N, outputs)`.

    `logits (N, outputs)` are scores of a softmax, or, with one output, of a sigmoid for the
    second label; `labels (N,)` the place of each text's label. No logit overflows, and an
    unlikely label costs what it should: logarithms are taken before exponentials are rounded.
    These few numbers are computed in float64. A NaN gives a NaN, without a warning.

    With `weights (N,)` each text's loss is multiplied by its own. The sum is still divided by
    `N`, not by the sum of the batch's weights: the same text then counts the same in any batch.
    """
    with np.errstate(invalid="ignore"):
        return _cross_entropy(logits.astype(np.float64), labels, weights)


def _cross_entropy(z, labels, weights):
    N = len(z)
    w = np.ones(N) if weights is None else weights.astype(np.float64)
    if z.shape[1] == 1:
        z, y = z[:, 0], labels
        loss = np.logaddexp(0, z) - y * z  # -y log s(z) - (1 - y) log s(-z)
        d_z = np.exp(-np.logaddexp(0, -z)) - y  # s(z) - y
        return float((w * loss).sum()) / N, (w * d_z / N).astype(np.float32)[:, None]
    z -= z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    text, d_z = np.arange(N), np.exp(log_p)
    d_z[text, labels] -= 1
    return -float((w * log_p[text, labels]).sum()) / N, (w[:, None] * d_z / N).astype(np.float32)
