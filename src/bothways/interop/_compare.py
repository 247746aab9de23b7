"""Do two programs give the same probabilities?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArtifactError

TOLERANCE = 1e-5
"""How far two probabilities of the same model may be apart. Sums of float32 in another order
differ by some 1e-7, after a thousand steps by 1e-6; a mistake differs by more."""


class Comparison(NamedTuple):
    """The largest difference of a probability that was seen, on how many texts, and who
    answered: a program and its version, or the name of a method."""

    largest_difference: float
    texts: int
    answered_by: str


def compare(
    ours: NDArray[np.floating[Any]], theirs: NDArray[np.floating[Any]], answered_by: str
) -> Comparison:
    """Compare the probabilities `(N, C)` of the model and of `answered_by` on the same texts.

    Raises `ArtifactError` where they are further apart than `TOLERANCE`, or one is not a number.
    """
    if ours.shape != theirs.shape:
        raise ArtifactError(
            f"{answered_by} gives probabilities of shape {theirs.shape}, the model {ours.shape}"
        )
    apart = np.abs(ours.astype(np.float64) - theirs)
    largest = float(apart.max(initial=0))
    if not largest <= TOLERANCE:  # NaN is not either
        text = int(np.where(np.isnan(apart), np.inf, apart).max(axis=1).argmax())
        raise ArtifactError(
            f"{answered_by} differs from the model by {largest:.1e} on text {text + 1} of "
            f"{len(ours)}, expected at most {TOLERANCE:.0e}; nothing was written"
        )
    return Comparison(largest, len(ours), answered_by)


def both_labels(outputs: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """The probability of each label, `(N, C)`, from what a dense layer gives, `(N, outputs)`:
    a single sigmoid is the probability of the second of two labels."""
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs
