"""What each text counts in training: weights of its own, and weights of its label."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError, DataError, listed
from bothways.estimators._targets import Codes

Weights = NDArray[np.float64]


def checked_weights(sample_weight: Any, texts: int) -> Weights | None:
    """`sample_weight`, a list, array or Arrow column of `N` numbers, as `(N,)` float64.

    Raises `DataError` for another length, for what is no number from 0, and if all are 0.
    """
    if sample_weight is None:
        return None
    listed = hasattr(sample_weight, "to_pylist")
    try:
        weights = np.asarray(sample_weight.to_pylist() if listed else sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"sample_weight must hold numbers: {error}") from None
    if weights.shape != (texts,):
        raise DataError(
            f"expected one sample_weight for each of {texts} texts, got shape {weights.shape}"
        )
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise DataError(
            f"sample_weight at place {bad[0]} is {weights[bad[0]]}, expected a finite number from 0"
        )
    if texts and not weights.any():
        raise DataError("every sample_weight is zero, so there is nothing to learn from")
    return weights


def class_weights(
    class_weight: Any, texts_of: NDArray[np.int64], texts: int, several: bool, classes: NDArray[Any]
) -> Weights:
    """The weight of each of `classes (C,)` for training `texts`, of which `texts_of (C,)` have it.

    With `several` labels a text it is what the presence of a label counts where its
    absence counts 1, and `"balanced"` is as many as there are texts without it to each with it.

    `"balanced"` is scikit-learn's `N / (C * texts of the label)` (King & Zeng 2001); a dict
    gives weights by label, and a label that is not in it has 1, as in scikit-learn.

    Raises `ArgumentError` for anything else, and for a dict with an unknown label, a weight
    that is no finite number from 0, or no positive weight for any label.
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        if several:
            return np.where(texts_of == 0, 1.0, (texts - texts_of) / np.maximum(texts_of, 1))
        return texts / (len(classes) * texts_of.astype(np.float64))
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            f"class_weight must be None, 'balanced' or a dict from labels, got {class_weight!r}"
        )
    place = {label: n for n, label in enumerate(classes.tolist())}
    weights = np.ones(len(classes))
    for label, weight in class_weight.items():
        if label not in place:
            raise ArgumentError(
                f"class_weight names the label {label!r}, which no text has; the labels are "
                f"{listed(place)}"
            )
        real = isinstance(weight, numbers.Real) and not isinstance(weight, bool)
        if not real or not math.isfinite(weight) or weight < 0:
            raise ArgumentError(
                f"class_weight of {label!r} must be a finite number from 0, got {weight!r}"
            )
        weights[place[label]] = weight
    if not weights.any():
        raise ArgumentError("class_weight gives every label the weight 0, expected some above 0")
    return weights


def text_weights(
    own: Weights | None, of_classes: Weights | None, codes: Codes, part: str
) -> Weights | None:
    """The product of both for the texts of one part, `(N,)`; None if there are none.

    With `codes (N, C)` and weights of classes it is `(N, C)`, a weight for each label of a text.

    Raises `DataError` if all texts of the `part` have the weight 0.
    """
    weights = weighed(own, of_classes, codes)
    if weights is not None and not weights.any():
        raise DataError(f"every text of the {part} part has the weight 0")
    return weights


def weighed(own: Weights | None, of_classes: Weights | None, codes: Codes) -> Weights | None:
    """The same of any texts, which may all have the weight 0."""
    if own is None and of_classes is None:
        return None
    weights = np.ones(len(codes)) if own is None else own
    if of_classes is not None and codes.ndim == 2:
        weights = weights[:, None] * np.where(codes, of_classes, 1.0)
    elif of_classes is not None:
        weights = weights * of_classes[codes.astype(np.int64)]
    return weights


def label_sums(
    codes: Codes, classes: int, weights: Weights | None
) -> tuple[Weights, Weights | None]:
    """What the texts weigh that have each of `C` classes, `(C,)`, and, where a text may have
    several, those that do not have it; `weights` as `weighed` gives them."""
    if codes.ndim == 1:
        return np.bincount(codes, weights, classes).astype(np.float64), None
    of_labels = np.ones((1, 1)) if weights is None else weights.reshape(len(codes), -1)
    return (of_labels * codes).sum(axis=0), (of_labels * ~codes).sum(axis=0)


def weight_facts(
    own: tuple[float, float] | None, of_classes: Weights | None, names: list[str]
) -> dict[str, Any]:
    """What the spec says of weights: those of the labels, and the least and the most of the
    texts' own."""
    facts: dict[str, Any] = {}
    if of_classes is not None:
        facts["class_weight"] = dict(zip(names, of_classes.tolist(), strict=True))
    if own is not None:
        facts["sample_weight"] = {"least": float(own[0]), "most": float(own[1])}
    return facts
