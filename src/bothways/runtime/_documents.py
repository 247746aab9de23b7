"""Answers as plain values, the same in every program that gives them as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import Spec
from bothways.runtime._decide import UNSURE, decide, refuse_several
from bothways.runtime._multilabel import names_of, present


def documents(
    probabilities: NDArray[np.float32], spec: Spec, reject_below: float | None = None
) -> list[dict[str, Any]]:
    """What a model says of `N` texts, from probabilities `(N, C)` rounded to 6 digits.

    `label`, `probability` and `probabilities` by label; the label is None below `reject_below`.
    Where a text may have several: `labels`, the most probable first, and `probabilities`.
    Raises `ArgumentError` as `decide` does, and for `reject_below` where it means nothing.
    """
    refuse_several(spec.network.multilabel, reject_below)
    every = [
        {name: round(p, 6) for name, p in zip(spec.labels, row, strict=True)}
        for row in probabilities.tolist()
    ]
    if spec.network.multilabel:
        return [
            {"labels": [name for name, _ in labels_of(spec, row)], "probabilities": all_of}
            for row, all_of in zip(probabilities, every, strict=True)
        ]
    decided = (column.tolist() for column in decide(probabilities, spec, reject_below))
    return [
        {
            "label": None if c == UNSURE else spec.labels[c],
            "probability": round(p, 6),
            "probabilities": all_of,
        }
        for c, p, all_of in zip(*decided, every, strict=True)
    ]


def labels_of(spec: Spec, row: NDArray[np.float32]) -> list[tuple[str, float]]:
    """The labels that one text has, of several, the most probable first, and how probable."""
    has = present(row, spec)
    found = zip(names_of(spec.labels, has), row[has].tolist(), strict=True)
    return sorted(found, key=lambda item: -item[1])
