"""Rows for training and rows for validation, with the labels in proportion."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.data._dataset import Dataset, content_sum, fingerprint
from bothways.data._held_out import held_out_column, held_out_rows
from bothways.errors import ArgumentError, require


def split(
    labels: Sequence[str], fraction_or_count: float | int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose rows for validation at random, stratified: labels keep their proportions.

    `fraction_or_count` is a float between 0 and 1, a part of the rows (rounded, and at least
    one row for each label, as far as there are rows), or an int, exactly that many rows. The
    same labels, count and `seed` give the same rows. A label with a single row stays in
    training: it could be learned or measured, and not both.

    Returns the training rows and the validation rows, `(N - count,)` and `(count,)` int64,
    both sorted; every row is in exactly one of them.

    Raises `ArgumentError` if the count leaves either side fewer rows than there are labels,
    and `MissingExtraError` without scikit-learn.
    """
    # Codes follow the sorted labels, so that the rows are those that train_test_split
    # chooses when it is given the labels themselves.
    code = {label: index for index, label in enumerate(sorted(set(labels)))}
    codes = np.fromiter((code[label] for label in labels), np.int64, len(labels))
    sizes = np.bincount(codes, minlength=1)
    eligible = np.flatnonzero(sizes[codes] > 1)
    classes = int(np.count_nonzero(sizes > 1))
    count = _count(fraction_or_count, len(codes), classes)
    if classes == 0:
        raise ArgumentError(
            f"no label of the {len(codes)} rows is there twice, so none can be set aside "
            "for validation"
        )
    if not classes <= count <= len(eligible) - classes:
        single = len(codes) - len(eligible)
        note = f" ({single} more have a label of their own and stay in training)" if single else ""
        raise ArgumentError(
            f"{count} of {len(eligible)} rows{note} cannot be set aside for validation: with "
            f"{classes} labels it must be between {classes} and {len(eligible) - classes}"
        )
    sklearn = require("sklearn.model_selection", extra="train", purpose="splitting data")
    _, valid = sklearn.train_test_split(
        eligible, test_size=count, stratify=codes[eligible], random_state=int(seed)
    )
    valid = np.sort(valid).astype(np.int64)
    train = np.setdiff1d(np.arange(len(codes), dtype=np.int64), valid, assume_unique=True)
    return train, valid


def rarest_labels(label_sets: Sequence[Sequence[str]]) -> list[str]:
    """Of each text's labels the one that the fewest texts have, `""` for a text without any.

    `split` by these keeps the proportions of rare labels, for which chance is the worst; of
    equally rare ones the first in the order of strings is taken.
    """
    counts = Counter(label for labels in label_sets for label in set(labels))
    return [min(labels, key=lambda name: (counts[name], name), default="") for labels in label_sets]


def is_data_of(rows: Dataset, facts: Mapping[str, Any]) -> bool:
    """Whether `rows` are the data that a training was given, whose facts are the `training` of
    its model's spec: in the same order, or, of shards, in any order and any files."""
    if "content" in facts:
        return facts["content"] == f"{content_sum(rows):064x}"
    return facts.get("fingerprint") == fingerprint(rows)


def training_parts(
    rows: Dataset, facts: Mapping[str, Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """The places in `rows` that a training learned from, and those that it held out, sorted.

    `facts` are the `training` of its model's spec. None where `rows` are not the data that it
    was given, so that nothing is known of them, or where a column said what to hold out and they
    were read without it; the latter part is empty where it held out nothing, or other data.
    """
    if not is_data_of(rows, facts):
        return None
    validation = facts.get("validation")
    elsewhere = isinstance(validation, str) and not validation.startswith(("hash:", "column:"))
    if validation is None or elsewhere:
        return np.arange(len(rows), dtype=np.int64), np.zeros(0, np.int64)
    if isinstance(validation, str):
        if held_out_column(validation) is not None and rows.held_out is None:
            return None  # read without the column that says it
        held_out = held_out_rows(validation, rows.texts, rows.held_out)
        if "shards" in facts and validation.startswith("hash:"):
            held_out &= ~_with_a_label_of_their_own(rows, held_out)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    strata = rows.labels or rarest_labels(rows.label_sets or [])
    return split(strata, validation, facts["seed"])


def _with_a_label_of_their_own(rows: Dataset, held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of `N` rows have a label that is only on rows that chance holds out: of shards these
    are learned from all the same."""
    sets = rows.sets or [()] * len(rows)
    learned = {label for n in np.flatnonzero(~held_out) for label in sets[n]}
    return np.array([not learned.issuperset(labels) for labels in sets], np.bool_)


def _count(asked: float | int, rows: int, classes: int) -> int:
    if isinstance(asked, numbers.Integral) and not isinstance(asked, bool) and asked > 0:
        return int(asked)
    if (
        isinstance(asked, numbers.Real)
        and not isinstance(asked, numbers.Integral)
        and 0 < asked < 1
    ):
        return max(round(float(asked) * rows), classes)
    raise ArgumentError(
        f"got {asked!r} rows for validation, expected a float between 0 and 1 or a count"
    )
