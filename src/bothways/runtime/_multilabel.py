"""Which labels a text has, where it may have several or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def present(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Whether each text has each label, `(N, C)`: where its probability is at least one half.

    >>> present(np.array([[0.5, 0.2], [0.1, 0.4]], np.float32)).tolist()
    [[True, False], [False, False]]
    """
    return probabilities >= 0.5


def names_of(labels: Sequence[str], row: NDArray[np.bool_]) -> list[str]:
    """The names of the labels that one row of `present` holds, in the order of the model."""
    return [labels[c] for c in np.flatnonzero(row).tolist()]
