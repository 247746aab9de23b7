"""What a model says of labelled texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.data import Dataset
from bothways.runtime import Model, decide
from bothways.text import Truncation
from bothways.training import brier_score, log_loss


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
    lengths = tokens_read(ids)
    return Answers(model.labels, truth, probabilities, guess, certainty, lengths, truncation)


def tokens_read(ids: Ragged) -> NDArray[np.int64]:
    """The tokens of each text, `(N,)`. Without a mask the padding is read too, but it is none of
    the text's length."""
    return np.diff(np.append(0, np.cumsum(ids.values != 0))[ids.offsets])


def measure(answers: Answers) -> dict[str, Any]:
    """The figures of a model's answers, all from scikit-learn."""
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        precision_recall_fscore_support,
    )

    truth, probabilities, guess = answers.truth, answers.probabilities, answers.guess
    every = np.arange(len(answers.labels))
    parts = precision_recall_fscore_support(truth, guess, labels=every, zero_division=0.0)
    return {
        "texts": len(truth),
        "accuracy": float(accuracy_score(truth, guess)),
        "log_loss": log_loss(truth, probabilities),
        "brier": brier_score(truth, probabilities),
        "labels": label_figures(answers.labels, parts),
        "confusion_matrix": {
            "rows": "true label",
            "columns": "predicted label",
            "labels": answers.labels,
            "counts": confusion_matrix(truth, guess, labels=every).tolist(),
        },
    }


def label_figures(labels: list[str], parts: Any) -> dict[str, dict[str, Any]]:
    """What `precision_recall_fscore_support` found of each of the labels, by name."""
    precision, recall, f1, support = (part.tolist() for part in parts)
    return {
        name: {"precision": precision[n], "recall": recall[n], "f1": f1[n], "support": support[n]}
        for n, name in enumerate(labels)
    }
