"""The threshold of a label for a wanted precision or recall."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError
from bothways.report._intervals import wilson


def find_threshold(
    scores: NDArray[np.floating],
    has: NDArray[np.bool_],
    wanted: Literal["precision", "recall"],
    least: float,
) -> dict[str, Any]:
    """The threshold by which a label is given with at least the wanted precision or recall.

    `scores (N,)` are the probabilities of the label, `has (N,)` says which texts have it. Of the
    thresholds that reach a precision it is the one with the highest recall, and the other way
    round. It lies halfway between two probabilities that were seen, so that a text like
    those is not decided by rounding.

    Returns it with the precision and recall that it reaches on these texts, their 95 % intervals
    by Wilson's score, and the counts. Raises `ArgumentError` for a wanted value that is not above
    0 and at most 1, for texts of which none or all have the label, and, with the best that can
    be reached, for a precision that no threshold reaches.
    """
    from sklearn.metrics import precision_recall_curve

    if not 0 < least <= 1:
        raise ArgumentError(f"expected a {wanted} above 0 and at most 1, got {least}")
    if not has.any() or has.all():
        which = "all of the" if has.any() else "none of the"
        raise ArgumentError(
            f"{which} {len(has):,} texts have the label, expected texts with it and without it"
        )
    precision, recall, scores_seen = precision_recall_curve(has, scores)
    precision, recall = precision[:-1], recall[:-1]  # the last point has no threshold
    reached, other = (precision, recall) if wanted == "precision" else (recall, precision)
    fits = np.flatnonzero(reached >= least)
    if not len(fits):
        n = int(reached.argmax())
        raise ArgumentError(
            f"no threshold reaches the precision {least:g} on these texts; the best is "
            f"{precision[n]:.4f}, with the recall {recall[n]:.4f}"
        )
    best = int(fits[other[fits] == other[fits].max()][-1])
    at = float(scores_seen[best])
    lower = scores[scores < scores_seen[best]]
    threshold = (at + float(lower.max())) / 2 if len(lower) else at
    given = scores.astype(np.float64) >= threshold
    right, texts = int((given & has).sum()), int(has.sum())
    return {
        "threshold": threshold,
        "precision": right / int(given.sum()),
        "precision_interval": wilson(right, int(given.sum())),
        "recall": right / texts,
        "recall_interval": wilson(right, texts),
        "given": int(given.sum()),
        "right": right,
        "texts_with_the_label": texts,
        "texts": len(has),
    }
