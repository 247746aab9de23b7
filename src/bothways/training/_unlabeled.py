"""What texts without a label teach: to be sure, and to stay so when a text is moved a little.

The network is made to decide (the entropy of its answer falls: Grandvalet & Bengio 2005), and
to answer the same when a text is moved to where it is least sure (virtual adversarial training,
Miyato, Dai & Goodfellow 2017; both together with labelled texts: Sachan et al. 2019). The
gradient of the entropy is the direction to move in: the second derivative of the divergence,
which Miyato et al. estimate by power iterations, is largest along the gradient of the logits,
and for two classes only there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# From logits `(N, outputs)` to the mean loss in nats and its gradient of the same shape.
Objective = Callable[[Floats], tuple[float, Floats]]


def entropy(logits: Floats) -> tuple[float, Floats]:
    """The mean entropy of the answers in nats, and its gradient `(N, outputs)`.

    `logits (N, outputs)` are scores of a softmax, or, with one output, of a sigmoid.
    """
    z = _scores(logits)
    log_p = _log_softmax(z)
    p = np.exp(log_p)
    each = -(p * log_p).sum(axis=1, keepdims=True)
    d_z = -p * (log_p + each)
    return _mean(each[:, 0], d_z, logits)


def divergence(logits: Floats, believed: Floats) -> tuple[float, Floats]:
    """The mean Kullback-Leibler divergence of the answers from those of the logits `believed`,
    which count as given, and its gradient `(N, outputs)`."""
    log_p, log_q = _log_softmax(_scores(believed)), _log_softmax(_scores(logits))
    p = np.exp(log_p)
    each = (p * (log_p - log_q)).sum(axis=1)
    return _mean(each, np.exp(log_q) - p, logits)


def together(labelled: Objective, unlabelled: Objective, texts: int, share: float) -> Objective:
    """The first `texts` rows are labelled, the others not; the loss of these times `share` is
    added. What is told is the loss of the labelled ones."""

    def objective(logits: Floats) -> tuple[float, Floats]:
        loss, d_labelled = labelled(logits[:texts])
        _, d_unlabelled = unlabelled(logits[texts:])
        return loss, np.concatenate([d_labelled, np.float32(share) * d_unlabelled])

    return objective


def _scores(logits: Floats) -> NDArray[np.float64]:
    """Two columns for a sigmoid: its softmax is the same."""
    z = logits.astype(np.float64)
    return z if z.shape[1] > 1 else np.concatenate([np.zeros_like(z), z], axis=1)


def _log_softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _mean(each, d_z, logits) -> tuple[float, Floats]:
    N = max(1, len(each))
    return float(each.sum()) / N, (d_z / N)[:, -logits.shape[1] :].astype(np.float32)
