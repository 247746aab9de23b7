"""What a model that gives a text several labels, or none, says of labelled texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset
from bothways.report._answers import label_figures, tokens_read
from bothways.report._detail import calibration_bins, curves, length_groups
from bothways.report._intervals import micro_f1, micro_f1_interval, wilson
from bothways.runtime import Model, present
from bothways.text import Truncation
from bothways.training import calibration_error, log_loss

MOST_LABELS = 8
"""Labels of a text that are counted one by one; more are counted together."""


@dataclass(frozen=True)
class SetAnswers:
    """For `N` texts and `C` labels: `truth (N, C)` bool, the labels that a text has;
    `probabilities (N, C)` float32, each by itself; `guess (N, C)` bool, the labels that the model
    gives; `lengths (N,)` int64, the tokens read; what was cut off."""

    labels: list[str]
    truth: NDArray[np.bool_]
    probabilities: NDArray[np.float32]
    guess: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    truncation: Truncation

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where all labels are right, `(N,)`."""
        return (self.guess == self.truth).all(axis=1)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Of each text the labels rightly given, wrongly given and missed, `(N, 3)`."""
        return set_counts(self.truth, self.guess)


def set_counts(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Of each text the labels rightly given, wrongly given and missed, `(N, 3)`, from `(N, C)`."""
    parts = (truth & guess, ~truth & guess, truth & ~guess)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def indicators(labels: list[str], sets: list[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Whether each of `N` texts has each of `C` labels, `(N, C)`; other labels are left out."""
    place = {name: n for n, name in enumerate(labels)}
    found = np.zeros((len(sets), len(labels)), np.bool_)
    for n, names in enumerate(sets):
        found[n, [place[name] for name in names if name in place]] = True
    return found


def answer_sets(model: Model, rows: Dataset, threads: int | None = None) -> SetAnswers:
    """Ask `model` about `rows`, whose labels it knows."""
    ids, truncation = model.encode(rows.texts, threads=threads)
    probabilities = model.network.probabilities(ids, threads=threads)
    return SetAnswers(
        model.labels,
        indicators(model.labels, rows.label_sets or []),
        probabilities,
        present(probabilities, model.spec),
        tokens_read(ids),
        truncation,
    )


def measure_sets(answers: SetAnswers) -> dict[str, Any]:
    """The figures of a model's answers, all from scikit-learn."""
    from sklearn.metrics import (
        accuracy_score,
        f1_score,
        hamming_loss,
        precision_recall_fscore_support,
    )

    truth, guess = answers.truth, answers.guess
    parts = precision_recall_fscore_support(truth, guess, zero_division=0.0)
    return {
        "texts": len(truth),
        "micro_f1": float(f1_score(truth, guess, average="micro", zero_division=0.0)),
        "macro_f1": float(f1_score(truth, guess, average="macro", zero_division=0.0)),
        "accuracy": float(accuracy_score(truth, guess)),
        "hamming_loss": float(hamming_loss(truth, guess)),
        "log_loss": log_loss(truth, answers.probabilities),
        "labels": label_figures(answers.labels, parts),
    }


def detail_sets(answers: SetAnswers, rows: Dataset, *, errors: int = 20) -> dict[str, Any]:
    """Figures of a model's `answers` about `rows`, which are at least one text, as JSON values.

    `errors` is how many of the most confident errors to list, each a label of a text.
    """
    truth, guess, counts = answers.truth, answers.guess, answers.counts
    right = answers.right
    probabilities = answers.probabilities.astype(np.float64)
    return {
        "micro_f1_interval": micro_f1_interval(counts),
        "accuracy_interval": wilson(int(right.sum()), len(right)),
        "labels_true": int(truth.sum()),
        "labels_given": int(guess.sum()),
        "labels_found": int((truth & guess).sum()),
        "labels_a_text": {
            "true": _how_many(truth),
            "given": _how_many(guess),
            "more_than": MOST_LABELS,
        },
        "calibration": {
            "expected_calibration_error": calibration_error(truth, probabilities),
            "bins": calibration_bins(truth.ravel(), probabilities.ravel()),
        },
        "by_length": length_groups(
            answers.lengths,
            lambda group: {
                "micro_f1": micro_f1(counts[group]),
                "interval": micro_f1_interval(counts[group]),
            },
        ),
        "precision_recall": curves(truth, probabilities, answers.labels),
        "given_instead": _given_instead(answers),
        "confident_errors": [
            {
                "place": rows.row_name(n),
                "text": rows.texts[n],
                "labels": _names(answers, truth[n]),
                "predicted": _names(answers, guess[n]),
                "label": answers.labels[c],
                "given": bool(guess[n, c]),
                "probability": float(probabilities[n, c]),
            }
            for n, c in _most_confident_errors(answers, errors)
        ],
    }


def _names(answers: SetAnswers, row: NDArray[np.bool_]) -> list[str]:
    return [answers.labels[c] for c in np.flatnonzero(row)]


def _how_many(has: NDArray[np.bool_]) -> list[int]:
    """Texts with none, one, two, ... labels; the last number is of those with more than most."""
    counts = np.minimum(has.sum(axis=1), MOST_LABELS + 1)
    return np.bincount(counts, minlength=MOST_LABELS + 2).tolist()


def _given_instead(answers: SetAnswers, most: int = 10) -> list[dict[str, Any]]:
    """Pairs of labels, the one missed where the other was wrongly given, the most frequent first.
    A text counts once for each pair."""
    missed, extra = answers.truth & ~answers.guess, answers.guess & ~answers.truth
    both = (missed.T.astype(np.float32) @ extra.astype(np.float32)).astype(np.int64)
    order = np.argsort(-both.ravel(), kind="stable")[:most]
    pairs = [divmod(int(at), len(answers.labels)) for at in order if both.ravel()[at]]
    return [
        {
            "missed": answers.labels[a],
            "given": answers.labels[b],
            "texts": int(both[a, b]),
            "texts_with_the_label": int(answers.truth[:, a].sum()),
        }
        for a, b in pairs
    ]


def _most_confident_errors(answers: SetAnswers, count: int) -> list[tuple[int, int]]:
    """Text and label of the errors furthest from the truth."""
    text, label = np.nonzero(answers.guess != answers.truth)
    distance = np.abs(answers.truth[text, label] - answers.probabilities[text, label])
    order = np.argsort(-distance, kind="stable")[:count]
    return [(int(text[n]), int(label[n])) for n in order]
