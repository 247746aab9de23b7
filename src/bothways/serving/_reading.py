"""How a text is read: explained, word by word, and with padding after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from bothways import Ragged
from bothways.errors import ArgumentError
from bothways.runtime import Model
from bothways.serving._answers import Refused
from bothways.serving._limits import READ_WORD_BY_WORD

# Lengths at which the score is taken while padding is read.
_STEPS = 49


def explain(
    model: Model, text: str, label: str | None, padded: int | None, threads: int
) -> dict[str, Any]:
    """`Explanation.document`. Raises `Refused` for a label that there is not (404) and for a text
    that is too long (413)."""
    _check(model, text)
    try:
        return model.explain(text, label, padded=padded, threads=threads).document()
    except ArgumentError as error:
        raise Refused(404, str(error)) from None


def read(model: Model, text: str, padded: int | None, threads: int) -> dict[str, Any]:
    """`Prefixes.document`, and with `padded` what the model says while it then reads zeros: the
    probabilities of the whole text with fewer and more of them after it. Raises `Refused`."""
    ids = _check(model, text)
    document = model.prefixes(text, threads=threads).document()
    return document | {"fading": None if padded is None else _fading(model, ids, padded, threads)}


def _fading(model: Model, ids: np.ndarray, padded: int, threads: int) -> dict[str, Any]:
    first, last = len(ids), max(len(ids), padded)
    lengths = np.unique(np.linspace(first, last, _STEPS).astype(np.int64))
    batch = Ragged.from_list([np.pad(ids, (0, length - first)) for length in lengths.tolist()])
    rows = model.network.probabilities(batch, threads=threads)
    return {"lengths": lengths.tolist(), "probabilities": rows.tolist()}


def _check(model: Model, text: str) -> np.ndarray:
    """The ids of the text, if it is not too long."""
    ids = model.vectorizer.encode([text]).ids.values
    if len(ids) > READ_WORD_BY_WORD:
        most = f"{READ_WORD_BY_WORD:,}"
        raise Refused(
            413, f"the text has {len(ids):,} tokens, at most {most} are read word by word"
        )
    return ids
