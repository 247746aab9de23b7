"""What a change of a model does to its answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from bothways.errors import DataError, listed, require
from bothways.runtime import Model, decide, present
from bothways.training import log_loss

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
    labels: Sequence[str] | Sequence[Collection[str]] | None = None,
    *,
    threads: int | None = None,
) -> dict[str, Any]:
    """How the answers to `N` texts differ: `same_label`, the share that keep theirs, and how
    far the probability of a text's labels moves, `mean_change` and `largest_change`.

    With `labels`, `N` of those that the models know, also `accuracy` and `log_loss` of each,
    `[before, after]`, from scikit-learn; `MissingExtraError` without it. Raises `DataError` for a
    label that they do not know.

    Of models that give several labels, `labels` are `N` collections of them; a text keeps its
    label, and is right, if all of them are, and its loss is the sum over the labels.
    """
    several = before.spec.network.multilabel
    pair = [
        model.predict_proba(texts, threads=threads).astype(np.float64) for model in (before, after)
    ]
    apart = np.abs(pair[1] - pair[0]).max(axis=1, initial=0)
    best = [
        present(p, model.spec) if several else decide(p, model.spec).answers[:, None]
        for p, model in zip(pair, (before, after), strict=True)
    ]
    found: dict[str, Any] = {
        "texts": len(texts),
        "same_label": float((best[0] == best[1]).all(axis=1).mean()),
        "mean_change": float(apart.mean()),
        "largest_change": float(apart.max(initial=0)),
    }
    if labels is None:
        return found
    require("sklearn", extra="train", purpose="measuring the accuracy")
    from sklearn.metrics import accuracy_score

    place = {name: n for n, name in enumerate(before.labels)}
    has = np.zeros((len(texts), len(place)), np.bool_)
    for n, given in enumerate(labels):
        for name in given if several else [given]:
            if str(name) not in place:
                raise DataError(
                    f"label {n} is {name!r}, expected one of the model's: {listed(before.labels)}"
                )
            has[n, place[str(name)]] = True
    truth = has if several else has.argmax(axis=1)
    found["accuracy"] = [float(accuracy_score(truth, guess)) for guess in best]
    found["log_loss"] = [log_loss(truth, p) for p in pair]
    return found
