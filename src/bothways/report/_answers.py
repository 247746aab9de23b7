"""What a model says of labelled texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset
from bothways.runtime import Model, decide
from bothways.text import Truncation


@dataclass(frozen=True)
class Answers:
    """For `N` texts and `C` labels: `truth` (N,) int64, places in `labels`; `probabilities`
    (N, C) float64 that sum to 1; `guess` (N,) int64, the label that the model gives, and
    `certainty` (N,) its probability;
    `lengths` (N,) int64, the tokens read; what was cut off."""

    labels: list[str]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    guess: NDArray[np.int64]
    certainty: NDArray[np.floating]
    lengths: NDArray[np.int64]
    truncation: Truncation

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where that label is the true one, `(N,)`."""
        return self.guess == self.truth


def answer(model: Model, rows: Dataset, threads: int | None = None) -> Answers:
    """Ask `model` about `rows`, whose labels it knows."""
    place = {name: n for n, name in enumerate(model.labels)}
    truth = np.array([place[name] for name in rows.labels or []], np.int64)
    ids, truncation = model.encode(rows.texts, threads=threads)
    given = model.network.probabilities(ids, threads=threads)
    probabilities = given.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    guess, certainty = decide(given, model.spec)
    # Without a mask the padding is read too, but it is none of the text's length.
    lengths = np.diff(np.append(0, np.cumsum(ids.values != 0))[ids.offsets])
    return Answers(model.labels, truth, probabilities, guess, certainty, lengths, truncation)
