"""The texts that are learned from, and those that are held out to choose the best epoch by."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bothways.data import held_out_column, held_out_rows, rarest_labels, split
from bothways.errors import ArgumentError, DataError
from bothways.estimators._targets import Codes, Targets, check_every_label, codes_of
from bothways.estimators._weights import Weights, checked_weights


class Part(NamedTuple):
    """`N` texts, the codes of their labels, and the texts' own weights `(N,)`, if any."""

    texts: list[str]
    codes: Codes
    weights: Weights | None


def as_list(X: Any) -> Any:
    """Texts as the vectorizer takes them: a column of texts `(N, 1)` counts as `N` texts."""
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 1:
            raise DataError(f"expected one column of texts, got an array of shape {tuple(shape)}")
        X = X.iloc[:, 0] if hasattr(X, "iloc") else np.asarray(X)[:, 0]
    return X


def texts_of(X: Any, what: str = "texts") -> list[str]:
    """Texts as a list. Raises `DataError`, naming `what`, for what is no list of them."""
    X = as_list(X)
    if isinstance(X, str) or not hasattr(X, "__len__") or not hasattr(X, "__iter__"):
        raise DataError(f"expected a list of {what}, got {type(X).__name__}")
    return X.to_pylist() if hasattr(X, "to_pylist") else list(X)


def checked_texts(X: Any) -> list[str]:
    """Texts as a list. Raises `DataError` for what is no list of them, or an empty one."""
    texts = texts_of(X)
    if not texts:
        raise DataError("there are no texts; a classifier needs texts to learn from")
    return texts


def hold_out(
    estimator: Any, everything: Part, targets: Targets, valid: Any, held_out: Any = None
) -> tuple[Part, Part | None]:
    """The training part and the validation part, if there is one.

    The latter is `valid`, texts, labels and perhaps weights, or else what the estimator's
    `validation` says: so many of the texts, in proportion to the labels, where of several labels
    of a text its rarest one stands for it; those with such a hash; or those of `held_out`.
    """
    by_column = held_out_column(estimator.validation) is not None
    if held_out is not None and (valid is not None or not by_column):
        raise ArgumentError("held_out is for validation='column:NAME', and not beside valid")
    if valid is not None:
        texts = checked_texts(valid[0])
        weights = checked_weights(valid[2] if len(valid) > 2 else None, len(texts))
        part = "the validation part"
        codes = codes_of(valid[1], len(texts), targets.classes, targets.multilabel, part)
        check_every_label(codes, targets.names)
        return everything, Part(texts, codes, weights)
    if estimator.validation is None:
        return everything, None
    if isinstance(estimator.validation, str):
        marks = held_out_rows(estimator.validation, everything.texts, held_out)
        parts = np.flatnonzero(~marks), np.flatnonzero(marks)
    else:
        names = targets.names
        if targets.multilabel:
            strata = rarest_labels(label_sets(targets))
        else:
            strata = [names[c] for c in targets.codes.tolist()]
        parts = split(strata, estimator.validation, estimator.random_state)
    train, rest = (
        Part(
            [everything.texts[n] for n in rows],
            everything.codes[rows],
            None if everything.weights is None else everything.weights[rows],
        )
        for rows in parts
    )
    if isinstance(estimator.validation, str):
        _check_parts(estimator.validation, train, rest, targets.names, every=by_column)
    return train, rest


def _check_parts(validation: str, train: Part, rest: Part, names: list[str], every: bool) -> None:
    """Neither a hash nor a column looks at the labels: each must be left to learn, something must
    be held out, and of a column, as of a file, some texts of every label."""
    if not rest.texts:
        raise DataError(f"{validation} holds out none of {len(train.texts):,} texts")
    there = set((np.nonzero(train.codes)[1] if train.codes.ndim == 2 else train.codes).tolist())
    gone = [name for n, name in enumerate(names) if n not in there]
    if gone:
        raise DataError(
            f"{validation} holds out every text with the label {gone[0]!r}, so that none is left "
            "to learn it from"
        )
    if every:
        check_every_label(rest.codes, names)


def label_sets(targets: Targets) -> list[tuple[str, ...]]:
    """The names of the labels of each text, where it may have several."""
    names = targets.names
    return [tuple(names[c] for c in np.flatnonzero(row).tolist()) for row in targets.codes]
