"""Which labels a text has, where it may have several or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import Spec


def present(
    probabilities: NDArray[np.floating[Any]], spec: Spec | None = None
) -> NDArray[np.bool_]:
    """Whether each text has each label, from probabilities `(N, C)`, or `(C,)` of one text: where
    that is at least the label's threshold in `spec`, one half if it has none.

    >>> present(np.array([[0.5, 0.2], [0.1, 0.4]], np.float32)).tolist()
    [[True, False], [False, False]]
    """
    least = np.full(probabilities.shape[-1], 0.5)
    if spec is not None:
        for name, threshold in spec.thresholds.items():
            least[spec.labels.index(name)] = threshold
    # Compared as float64: rounded to float32, a limit could pass what is below it.
    return probabilities.astype(np.float64) >= least


def names_of(labels: Sequence[str], row: NDArray[np.bool_]) -> list[str]:
    """The names of the labels that one row of `present` holds, in the order of the model."""
    return [labels[c] for c in np.flatnonzero(row).tolist()]
