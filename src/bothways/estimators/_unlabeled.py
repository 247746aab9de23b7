"""Texts without labels: more words to know, and more company to know them by."""

from __future__ import annotations

from typing import Any

import numpy as np

from bothways import Ragged
from bothways.errors import ArgumentError
from bothways.estimators._parts import texts_of
from bothways.training import Preset


def checked_unlabeled(estimator: Any, recipe: Preset, unlabeled: Any) -> list[str]:
    """The texts as a list, empty without any.

    Raises `DataError` for what is no list of texts, and `ArgumentError` if the training would
    learn nothing from them.
    """
    if unlabeled is None:
        return []
    texts = texts_of(unlabeled, "unlabelled texts")
    if estimator.start_from is not None:
        raise ArgumentError(
            "unlabelled texts are for a training that begins anew, got one that goes on from "
            f"{estimator.start_from}"
        )
    if estimator.vectors is not None:
        raise ArgumentError(
            "word vectors come from a file or from unlabelled texts, got both; leave one out"
        )
    if recipe.word_vectors == "random":
        raise ArgumentError(
            "unlabelled texts are for recipes that learn word vectors, got the preset "
            f"{recipe.name!r} with word_vectors={recipe.word_vectors!r}, expected "
            "'learned' or 'unsupervised'"
        )
    return texts


def with_unlabeled(ids: Ragged, more: Ragged) -> Ragged:
    """The texts of two batches as one."""
    offsets = np.concatenate([ids.offsets, ids.offsets[-1] + more.offsets[1:]])
    return Ragged(np.concatenate([ids.values, more.values]), offsets)
