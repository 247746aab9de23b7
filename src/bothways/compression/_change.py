"""What a change of a model does to its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bothways.errors import DataError, require
from bothways.runtime import Model

# The longest way to write a float between 0 and 1.
_LONGEST = 1.2345678901234567e-300


def draft(texts: int, labels: bool) -> dict[str, Any]:
    """Figures that take at least as many bytes as those that `change` will find."""
    one, two = _LONGEST, [_LONGEST, _LONGEST]
    found = {"texts": texts, "same_label": one, "mean_change": one, "largest_change": one}
    return {**found, "accuracy": two, "log_loss": two} if labels else found


def change(
    before: Model,
    after: Model,
    texts: Sequence[str],
    labels: Sequence[str] | None = None,
    *,
    threads: int | None = None,
) -> dict[str, Any]:
    """How the answers to `N` texts differ: `same_label`, the share that keep theirs, and how
    far the probability of a text's labels moves, `mean_change` and `largest_change`.

    With `labels`, `N` of those that the models know, also `accuracy` and `log_loss` of each,
    `[before, after]`, from scikit-learn; `MissingExtraError` without it. Raises `DataError` for a
    label that they do not know.
    """
    pair = [
        model.predict_proba(texts, threads=threads).astype(np.float64) for model in (before, after)
    ]
    apart = np.abs(pair[1] - pair[0]).max(axis=1, initial=0)
    best = [probabilities.argmax(axis=1) for probabilities in pair]
    found: dict[str, Any] = {
        "texts": len(texts),
        "same_label": float((best[0] == best[1]).mean()),
        "mean_change": float(apart.mean()),
        "largest_change": float(apart.max(initial=0)),
    }
    if labels is None:
        return found
    require("sklearn", extra="train", purpose="measuring the accuracy")
    from sklearn.metrics import accuracy_score, log_loss

    place = {name: n for n, name in enumerate(before.labels)}
    names = [str(label) for label in labels]
    for n, name in enumerate(names):
        if name not in place:
            known = ", ".join(map(repr, before.labels[:10]))
            raise DataError(f"label {n} is {name!r}, expected one of the model's: {known}")
    truth, every = [place[name] for name in names], np.arange(len(place))
    sums = [probabilities / probabilities.sum(axis=1, keepdims=True) for probabilities in pair]
    found["accuracy"] = [float(accuracy_score(truth, guess)) for guess in best]
    found["log_loss"] = [float(log_loss(truth, p, labels=every)) for p in sums]
    return found
