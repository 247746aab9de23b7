"""Which label a text has, and when to give no answer."""

from __future__ import annotations

import numbers
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import Spec
from bothways.errors import ArgumentError

UNSURE = -1
"""In the place of a label: its probability was too low for an answer."""


class Decisions(NamedTuple):
    """For `N` texts: `answers (N,)` int64, the places of their labels or `UNSURE`; and
    `probabilities (N,)`, those of these labels, or of the ones that were too uncertain."""

    answers: NDArray[np.int64]
    probabilities: NDArray[np.floating]


def decide(
    probabilities: NDArray[np.floating], spec: Spec, reject_below: float | None = None
) -> Decisions:
    """The label of each row of `(N, C)`, and `UNSURE` below `reject_below` (Chow 1970).

    The label is the most probable one, unless `spec.thresholds` names one: then it is that one
    exactly where its probability is at least its threshold, and elsewhere the most probable of
    the others.

    Raises `ArgumentError` for a `reject_below` that is no number from 0 to 1.
    """
    best = probabilities.argmax(axis=1)
    for name, least in spec.thresholds.items():
        place = spec.labels.index(name)
        others = probabilities.copy()
        others[:, place] = -1
        best = np.where(_reach(probabilities[:, place], least), place, others.argmax(axis=1))
    its = np.take_along_axis(probabilities, best[:, None], axis=1)[:, 0]
    if reject_below is None:
        return Decisions(best, its)
    number = isinstance(reject_below, numbers.Real) and not isinstance(reject_below, bool)
    if not number or not 0 <= reject_below <= 1:
        raise ArgumentError(f"reject_below must be a number from 0 to 1, got {reject_below!r}")
    return Decisions(np.where(_reach(its, float(reject_below)), best, UNSURE), its)


def refuse_several(multilabel: bool, reject_below: float | None) -> None:
    """Raise `ArgumentError` for `reject_below` of a model that gives a text several labels."""
    if multilabel and reject_below is not None:
        raise ArgumentError(
            "reject_below (--reject-below) is about the one label of a text, and this model gives "
            "a text several labels"
        )


def _reach(probabilities: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    # Compared as float64: rounded to float32, a limit could pass what is below it.
    return probabilities.astype(np.float64) >= least
