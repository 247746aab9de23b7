"""What counting words would do: the yardstick beside a model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset, fingerprint, training_parts
from bothways.errors import DataError, require
from bothways.report._intervals import paired, wilson

if TYPE_CHECKING:
    from bothways.artifact import Spec

# Rare words and pairs are noise and most of the memory, once there are texts enough.
_MANY = 1_000


@dataclass(frozen=True)
class Baseline:
    """TF-IDF of words and pairs of words with logistic regression, as it was trained."""

    pipeline: Any
    texts: int
    seconds: float
    same_texts: bool
    source: str

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The most probable label of each text, `N` strings."""
        return [str(label) for label in self.pipeline.predict(texts)]


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
    """Train the baseline on `rows`; `same_texts` if the model learned from them.

    Raises `DataError` if they cannot teach anything.
    """
    text = require("sklearn.feature_extraction.text", extra="train", purpose="the baseline")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    if len(set(rows.labels or [])) < 2:
        raise DataError(f"{rows.source}: a baseline needs texts with two labels or more")
    words = text.TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=2 if len(rows) >= _MANY else 1,
        sublinear_tf=True,
        dtype=np.float32,
    )
    pipeline = make_pipeline(words, LogisticRegression(C=30, max_iter=1_000))
    begin = time.perf_counter()
    try:
        with threadpool_limits(1):  # more threads wait for each other on steps so small
            pipeline.fit(rows.texts, rows.labels)
    except ValueError as error:
        if "vocabulary" not in str(error):
            raise
        raise DataError(f"{rows.source}: there is no word in it to train a baseline on") from None
    seconds = time.perf_counter() - begin
    return Baseline(pipeline, len(rows), seconds, same_texts, rows.source)


def compare(baseline: Baseline, rows: Dataset, right: NDArray[np.bool_]) -> dict[str, Any]:
    """The baseline's figures on `rows`, beside a model that was `right` on some of them, `(N,)`."""
    guesses = baseline.predict(rows.texts)
    theirs = np.array([a == b for a, b in zip(guesses, rows.labels or [], strict=True)], bool)
    interval, p_value = paired(right, theirs)
    return {
        "name": "TF-IDF of words and pairs of words with logistic regression",
        "trained_on": baseline.source,
        "texts": baseline.texts,
        "same_texts_as_the_model": baseline.same_texts,
        "seconds": round(baseline.seconds, 2),
        "accuracy": float(theirs.mean()),
        "accuracy_interval": wilson(int(theirs.sum()), len(theirs)),
        "difference": float(right.mean() - theirs.mean()),
        "difference_interval": interval,
        "p_value": p_value,
        "only_the_model_right": int((right & ~theirs).sum()),
        "only_the_baseline_right": int((theirs & ~right).sum()),
    }
