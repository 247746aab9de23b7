"""The figures of a report beyond those of every evaluation, as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset
from bothways.report._answers import Answers
from bothways.report._intervals import wilson
from bothways.training import CALIBRATION_BINS, calibration_error

LENGTHS = 6
"""Groups of texts by length, equally many in each."""
POINTS = 120
"""Of a curve at most: more cannot be seen."""


def detail(answers: Answers, rows: Dataset, *, errors: int = 20) -> dict[str, Any]:
    """Figures of a model's `answers` about `rows`, which are at least one text.

    `errors` is how many of the most confident errors to list.
    """
    labels, truth, probabilities = answers.labels, answers.truth, answers.probabilities
    guess, right, every = answers.guess, answers.right, np.arange(len(labels))
    # That of the label that is given, which a threshold may have chosen, and the highest one.
    given, highest = answers.certainty.astype(np.float64), probabilities.max(axis=1)
    return {
        "accuracy_interval": wilson(int(right.sum()), len(right)),
        "calibration": {
            "expected_calibration_error": calibration_error(truth, probabilities),
            "bins": calibration_bins(probabilities.argmax(axis=1) == truth, highest),
        },
        "coverage": _coverage(right, given),
        "by_length": length_groups(answers.lengths, lambda group: _share(right[group])),
        "precision_recall": curves(every == truth[:, None], probabilities, labels),
        "confident_errors": [
            {
                "place": rows.row_name(n),
                "text": rows.texts[n],
                "label": labels[truth[n]],
                "predicted": labels[guess[n]],
                "probability": float(given[n]),
            }
            for n in _most_confident_errors(right, given, errors)
        ],
    }


def _most_confident_errors(
    right: NDArray[np.bool_], confidence: NDArray[np.float64], count: int
) -> list[int]:
    wrong = np.flatnonzero(~right)
    return [int(n) for n in wrong[np.argsort(-confidence[wrong], kind="stable")][:count]]


def _share(right: NDArray[np.bool_]) -> dict[str, Any]:
    return {"accuracy": float(right.mean()), "interval": wilson(int(right.sum()), len(right))}


def calibration_bins(
    right: NDArray[np.bool_], confidence: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """How often the model is right when it is so sure, from both `(N,)`."""
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    place = np.searchsorted(edges[1:-1], confidence)
    return [
        {
            "from": float(edges[n]),
            "to": float(edges[n + 1]),
            "confidence": float(confidence[place == n].mean()),
            "texts": int((place == n).sum()),
            **_share(right[place == n]),
        }
        for n in np.unique(place)
    ]


def _coverage(right: NDArray[np.bool_], confidence: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Tenths of the texts, those of which the model is surest first, and how many are right."""
    surest = np.argsort(-confidence, kind="stable")
    counts = np.unique(np.ceil(np.linspace(0, 1, 11)[1:] * len(right)).astype(int))
    return [
        {
            "answered": float(count / len(right)),
            "least_probability": float(confidence[surest[count - 1]]),
            "accuracy": float(right[surest[:count]].mean()),
        }
        for count in counts
    ]


def length_groups(
    lengths: NDArray[np.int64], figures: Callable[[NDArray[np.bool_]], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Groups from short to long; texts of one length are never in two. `lengths (N,)` are tokens,
    and `figures` are those of the texts that a mask `(N,)` chooses."""
    inner = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTHS + 1)[1:-1], method="lower"))
    place = np.searchsorted(inner, lengths)  # up to and with an edge
    return [
        {
            "from": int(lengths[place == n].min()),
            "to": int(lengths[place == n].max()),
            "texts": int((place == n).sum()),
            **figures(place == n),
        }
        for n in np.unique(place)
    ]


def curves(
    has: NDArray[np.bool_], probabilities: NDArray[np.floating], labels: list[str]
) -> dict[str, Any]:
    """A curve for each label that a text has, and its area, the average precision, from `(N, C)`
    both."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    found = {}
    for n, label in enumerate(labels):
        if not has[:, n].any():
            continue
        precision, recall, _ = precision_recall_curve(
            has[:, n], probabilities[:, n], drop_intermediate=True
        )
        keep = np.unique(np.linspace(0, len(recall) - 1, POINTS).round().astype(int))
        found[label] = {
            "average_precision": float(average_precision_score(has[:, n], probabilities[:, n])),
            "recall": [round(float(x), 5) for x in recall[keep]],
            "precision": [round(float(x), 5) for x in precision[keep]],
        }
    return found
