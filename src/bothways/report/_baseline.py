"""What counting words would do: the yardstick beside a model."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset, fingerprint, training_parts
from bothways.errors import DataError, require
from bothways.report._intervals import (
    micro_f1,
    micro_f1_difference,
    micro_f1_interval,
    paired,
    wilson,
)
from bothways.report._several import SetAnswers, indicators, set_counts

if TYPE_CHECKING:
    from bothways.artifact import Spec

# Rare words and pairs are noise and most of the memory, once there are texts enough.
_MANY = 1_000


@dataclass(frozen=True)
class Baseline:
    """TF-IDF of words and pairs of words with logistic regression, as it was trained; where a text
    may have several labels, with one for each of `labels`."""

    pipeline: Any
    labels: list[str]
    texts: int
    seconds: float
    same_texts: bool
    source: str

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The most probable label of each text, `N` strings."""
        return [str(label) for label in self.pipeline.predict(texts)]

    def predict_sets(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The labels of each text whose probability is at least one half, `N` sets."""
        given = self.pipeline.predict(texts)
        return [tuple(self.labels[c] for c in np.flatnonzero(row)) for row in given]


def baseline_rows(
    spec: Spec, training: Dataset, measured_on: Dataset, *, held_out: bool
) -> tuple[Dataset, bool]:
    """The rows to train the baseline on, and whether they are those that the model learned from.

    Of the very data that the model was trained on these are the rows that its training did not
    hold out; of other data, all rows. Raises `DataError` where the baseline would be measured
    on texts that it learned.
    """
    if not held_out and fingerprint(training) == fingerprint(measured_on):
        raise DataError(
            f"--baseline: would learn from {training.source} and be measured on the same texts; "
            "measure on others, or with --held-out"
        )
    parts = training_parts(training, spec.training)
    if held_out and parts is None:
        raise DataError(
            f"--baseline: with --held-out it is trained on the rest of {measured_on.source}, "
            f"and {training.source} is other data"
        )
    return (training, False) if parts is None else (training.take(parts[0]), True)


def train_baseline(rows: Dataset, same_texts: bool) -> Baseline:
    """Train the baseline on `rows`, which have one label each or sets of labels; `same_texts` if
    the model learned from them.

    Raises `DataError` if they cannot teach anything.
    """
    text = require("sklearn.feature_extraction.text", extra="train", purpose="the baseline")
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    one = LogisticRegression(C=30, max_iter=1_000)
    labels = sorted({label for names in rows.sets or [] for label in names})
    several = rows.label_sets is not None
    if len(labels) < (1 if several else 2):
        least = "a label" if several else "two labels or more"
        raise DataError(f"{rows.source}: a baseline needs texts with {least}")
    words = text.TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=2 if len(rows) >= _MANY else 1,
        sublinear_tf=True,
        dtype=np.float32,
    )
    pipeline = make_pipeline(words, OneVsRestClassifier(one) if several else one)
    targets = indicators(labels, rows.label_sets) if rows.label_sets is not None else rows.labels
    begin = time.perf_counter()
    try:
        # More threads wait for each other on steps so small; and that all texts have a label is
        # no news here.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Label .* is present in all", UserWarning)
            pipeline.fit(rows.texts, targets)
    except ValueError as error:
        if "vocabulary" not in str(error):
            raise
        raise DataError(f"{rows.source}: there is no word in it to train a baseline on") from None
    seconds = time.perf_counter() - begin
    return Baseline(pipeline, labels, len(rows), seconds, same_texts, rows.source)


def compare(baseline: Baseline, rows: Dataset, right: NDArray[np.bool_]) -> dict[str, Any]:
    """The baseline's figures on `rows`, beside a model that was `right` on some of them, `(N,)`."""
    guesses = baseline.predict(rows.texts)
    theirs = np.array([a == b for a, b in zip(guesses, rows.labels or [], strict=True)], bool)
    interval, p_value = paired(right, theirs)
    return {
        **_told(baseline),
        "accuracy": float(theirs.mean()),
        "accuracy_interval": wilson(int(theirs.sum()), len(theirs)),
        "difference": float(right.mean() - theirs.mean()),
        "difference_interval": interval,
        **_only_one_right(right, theirs, p_value),
    }


def compare_sets(baseline: Baseline, rows: Dataset, answers: SetAnswers) -> dict[str, Any]:
    """The baseline's figures on `rows` beside a model's `answers`; the difference is that of the
    micro-averaged F1, and right is a text whose labels are all right."""
    guess = indicators(answers.labels, baseline.predict_sets(rows.texts))
    theirs, ours = set_counts(answers.truth, guess), answers.counts
    all_right = (guess == answers.truth).all(axis=1)
    return {
        **_told(baseline),
        "micro_f1": micro_f1(theirs),
        "micro_f1_interval": micro_f1_interval(theirs),
        "accuracy": float(all_right.mean()),
        "difference": micro_f1(ours) - micro_f1(theirs),
        "difference_interval": micro_f1_difference(ours, theirs),
        **_only_one_right(answers.right, all_right, paired(answers.right, all_right)[1]),
    }


def _told(baseline: Baseline) -> dict[str, Any]:
    return {
        "name": "TF-IDF of words and pairs of words with logistic regression",
        "trained_on": baseline.source,
        "texts": baseline.texts,
        "same_texts_as_the_model": baseline.same_texts,
        "seconds": round(baseline.seconds, 2),
    }


def _only_one_right(
    ours: NDArray[np.bool_], theirs: NDArray[np.bool_], p_value: float
) -> dict[str, Any]:
    return {
        "p_value": p_value,
        "only_the_model_right": int((ours & ~theirs).sum()),
        "only_the_baseline_right": int((theirs & ~ours).sum()),
    }
