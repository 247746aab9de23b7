"""The whole inspection, in the order in which its page tells it."""

from __future__ import annotations

import numpy as np

from bothways.data import Dataset
from bothways.errors import ArgumentError, DataError
from bothways.inspection._characters import inspect_characters
from bothways.inspection._facts import Inspection, Suspects
from bothways.inspection._labels import inspect_labels, one_label
from bothways.inspection._lengths import inspect_lengths
from bothways.inspection._repeats import inspect_contradictions, inspect_overlap, inspect_repeats
from bothways.inspection._suspects import by_model, out_of_fold
from bothways.inspection._tokens import groups, keys, token_ids
from bothways.inspection._vocabulary import inspect_vocabulary
from bothways.kernels import default_threads
from bothways.runtime import Model

EMPTY_PLACES = 5


def inspect(
    rows: Dataset,
    other: Dataset | None = None,
    *,
    model: Model | None = None,
    model_name: str = "the model",
    suspicious: bool = False,
    max_length: int | None = None,
    show: int = 10,
    refusal: str | None = None,
    threads: int | None = None,
) -> Inspection:
    """Inspect labelled or unlabelled texts, and how far `other` holds the same.

    `model`, or with `suspicious` a cross-validation, names labels that are probably wrong;
    `max_length` is a limit of tokens to try beside the usual ones; `show` examples of each kind
    are kept; `refusal` is why a training would refuse the data, if it would. Where a text may
    have several labels, each different set of them counts as a label of its own.

    Raises `DataError` if there are no rows, or no labels where `model` or `suspicious` need
    them, and `ArgumentError` for a limit or number of examples that is none.
    """
    for name, value in (("max_length", max_length), ("show", show)):
        if value is not None and value < 1:
            raise ArgumentError(f"{name} must be a whole number from 1, got {value!r}")
    if not len(rows):
        raise DataError(f"{rows.source}: there are no rows to inspect")
    threads = threads or default_threads()
    rows, other = one_label(rows), None if other is None else one_label(other)
    ids, *more = token_ids(rows.texts, *([] if other is None else [other.texts]), threads=threads)
    own_keys = keys(ids)
    found = groups(own_keys)
    empty = np.flatnonzero(ids.lengths == 0).tolist()
    return Inspection(
        source=rows.source,
        rows=len(rows),
        empty=len(empty),
        empty_places=tuple(rows.place(n) for n in empty[:EMPTY_PLACES]),
        refusal=refusal,
        labels=None if rows.labels is None else inspect_labels(rows.labels),
        lengths=inspect_lengths(rows, ids.lengths, max_length),
        vocabulary=inspect_vocabulary(rows, ids, more[0] if more else None, threads=threads),
        repeats=inspect_repeats(rows, found, show),
        contradictions=inspect_contradictions(rows, found, show),
        overlap=None
        if other is None
        else inspect_overlap(rows, own_keys, other, keys(more[0]), show),
        characters=inspect_characters(rows),
        suspects=_suspects(rows, own_keys, model, model_name, suspicious, show, threads),
    )


def _suspects(rows, own_keys, model, model_name, suspicious, show, threads) -> Suspects | None:
    if model is None and not suspicious:
        return None
    if rows.labels is None:
        raise DataError(f"{rows.source}: there are no labels, so none can be suspicious")
    if model is not None:
        return by_model(rows, model, model_name, show, threads=threads)
    return out_of_fold(rows, own_keys, show, threads=threads)
