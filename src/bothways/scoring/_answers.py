"""What a model says of a column of texts, as columns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import require
from bothways.runtime import UNSURE, Model, decide, labels_of

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = "the text is missing (null), expected a string"


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time by what they went into, and in all; and how many texts were cut
    at the model's length. The sum of two is that of both."""

    read: float = 0.0
    vectorize: float = 0.0
    network: float = 0.0
    write: float = 0.0
    all: float = 0.0
    cut_texts: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Answers:
    """For `N` rows: `label`, strings or, of a model that gives several, lists of strings;
    `probability`, float32 or lists of it; `error`, why a row has neither, or null. `cost` holds
    where the computing was done by the calling thread alone."""

    label: pa.Array
    probability: pa.Array
    error: pa.Array
    cost: Cost


def answer(
    model: Model,
    texts: pa.Array,
    errors: Mapping[int, str] | None = None,
    *,
    reject_below: float | None = None,
    threads: int | None = None,
) -> Answers:
    """The answers to `texts`, `N` strings; of those that are null `errors` says why, by row.

    Raises `ArgumentError` as `decide` does.
    """
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    texts, reasons = _readable(pa, texts, dict(errors or {}))
    start = time.thread_time()
    ids, truncation = model.encode(texts.drop_null(), threads=threads)
    vectorized = time.thread_time()
    probabilities = model.network.probabilities(ids, threads=threads)
    done = time.thread_time()
    label, probability = _columns(pa, model, probabilities, reject_below)
    if texts.null_count:
        scored = texts.is_valid().to_numpy(zero_copy_only=False)
        places = pa.array(np.cumsum(scored) - 1, mask=~scored)
        label, probability = label.take(places), probability.take(places)
        rows = enumerate(scored.tolist())
        said = [None if has else reasons.get(n, MISSING) for n, has in rows]
        error = pa.array(said, pa.string())
    else:
        error = pa.nulls(len(texts), pa.string())
    cost = Cost(
        vectorize=vectorized - start, network=done - vectorized, cut_texts=truncation.cut_texts
    )
    return Answers(label, probability, error, cost)


def _readable(pa: Any, texts: Any, errors: dict[int, str]) -> tuple[Any, dict[int, str]]:
    """The texts, null where their bytes are not UTF-8, and the errors with theirs."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        kept: list[str | None] = []
        for n, data in enumerate(texts.cast(pa.large_binary()).to_pylist()):
            try:
                kept.append(None if data is None else data.decode("utf-8"))
            except UnicodeDecodeError as error:
                kept.append(None)
                errors[n] = f"the text is not UTF-8 (byte {error.start + 1} of it)"
        texts = pa.array(kept, pa.string())
    return texts, errors


def _columns(
    pa: Any, model: Model, probabilities: NDArray[np.float32], reject_below: float | None
) -> tuple[Any, Any]:
    """The labels of each row of `(N, C)`, and their probabilities."""
    if model.spec.network.multilabel:
        found = [labels_of(model.spec, row) for row in probabilities]
        names = [[name for name, _ in row] for row in found]
        values = [[p for _, p in row] for row in found]
        return pa.array(names, pa.list_(pa.string())), pa.array(values, pa.list_(pa.float32()))
    decided = decide(probabilities, model.spec, reject_below)
    places = pa.array(decided.answers, mask=decided.answers == UNSURE)
    its = decided.probabilities.astype(np.float32, copy=False)
    return pa.array(model.labels, pa.string()).take(places), pa.array(its)
