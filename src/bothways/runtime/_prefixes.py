"""What a model says of a text while it is being read: its score after each token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways import Ragged
from bothways.errors import ArgumentError
from bothways.runtime._beginnings import features_of_beginnings
from bothways.runtime._tokens import read_tokens
from bothways.text import shorten

if TYPE_CHECKING:
    from bothways.runtime._model import Model

Floats = NDArray[np.float32]

# Tokens of prefixes at a time: they take 4 bytes each, and keep the threads busy.
_TOKENS = 1 << 20
# States of a reader that looks ahead that are kept at most: 128 MB for 32 units.
_STATES = 1 << 20


@dataclass(frozen=True, eq=False)
class Prefixes:
    """The probabilities of the `C` labels after each of the `T` tokens of a text.

    `tokens` and `places` are as in `Explanation`. Row `m` of `probabilities (M, C)` is what the
    model says of the first `lengths[m]` tokens, as if the text ended there: the first row is that
    of an empty text, and the last one, with hindsight, that of the whole. `lengths (M,)` int64 are
    0, 1, ... `T`, unless fewer points were asked for.
    """

    text: str
    labels: tuple[str, ...]
    tokens: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    lengths: NDArray[np.int64]
    probabilities: Floats

    def document(self) -> dict[str, Any]:
        """All of it but the text as JSON can hold it."""
        return {
            "labels": list(self.labels),
            "tokens": [
                {"token": token, "start": start, "stop": stop}
                for token, (start, stop) in zip(self.tokens, self.places, strict=True)
            ],
            "lengths": self.lengths.tolist(),
            "probabilities": self.probabilities.tolist(),
        }


def read_prefixes(
    model: Model,
    text: str,
    *,
    padded: int | None = None,
    points: int | None = None,
    threads: int | None = None,
) -> Prefixes:
    """See `Model.prefixes`."""
    if points is not None and (isinstance(points, bool) or points < 2):
        raise ArgumentError(f"points must be a whole number from 2, got {points!r}")
    read = read_tokens(model, text, padded)
    T = len(read.tokens)
    lengths = np.arange(T + 1)
    if points is not None and points <= T:
        lengths = np.linspace(0, T, points).round().astype(np.int64)
    fill = padded if padded is not None and padded >= T else 0
    rows = prefix_probabilities(model, read.ids[:T], lengths, fill=fill, threads=threads)
    return Prefixes(text, tuple(model.labels), read.tokens, read.places, lengths, rows)


def prefix_probabilities(
    model: Model,
    ids: NDArray[np.int32],
    lengths: ArrayLike,
    *,
    fill: int = 0,
    threads: int | None = None,
) -> Floats:
    """The probabilities `(M, C)` of the first `lengths (M,)` tokens of `ids (T,)`, each cut, and
    filled with zeros, as the model reads it, or filled up to `fill` tokens.

    Every prefix is read whole, in both directions. The states of the reader from the left could
    be kept from one to the next; that of the other could not, so it would save half at most,
    for one direction and one layer, and would not have the bits of a prediction. Where a
    reader looks ahead most states are those of all beginnings: see `_beginnings`.
    """
    v, rows = model.spec.vectorizer, []
    wanted = np.asarray(lengths, np.int64)
    lookahead = model.spec.network.lookahead
    if lookahead is not None and not fill and v.truncate == "head":
        if v.output_sequence_length is not None:
            wanted = np.minimum(wanted, v.output_sequence_length)
        if len(ids) <= wanted.sum() and len(ids) * (lookahead + 1) <= _STATES:
            features = features_of_beginnings(
                *(model.network, ids, wanted, lookahead), threads=threads
            )
            return model.network.probabilities_of(features, threads=threads)
    if not fill and not model.spec.network.mask:
        fill = v.output_sequence_length or 0
    for part in _prefixes(ids, wanted, fill):
        if v.output_sequence_length is not None:
            part = shorten(part, v.output_sequence_length, v.truncate).ids
        part = part.fill(fill) if fill else part
        rows.append(model.network.probabilities(part, threads=threads))
    return np.concatenate(rows) if rows else np.zeros((0, len(model.labels)), np.float32)


def _prefixes(ids: NDArray[np.int32], lengths: NDArray[np.int64], fill: int) -> Iterator[Ragged]:
    """The prefixes in order, about `_TOKENS` tokens at a time."""
    ends = np.maximum(lengths, max(fill, 1)).cumsum()
    for part in np.split(lengths, np.flatnonzero(np.diff(ends // _TOKENS)) + 1):
        starts = part.cumsum() - part
        yield Ragged.from_lengths(ids[np.arange(part.sum()) - np.repeat(starts, part)], part)
