"""One text as a model reads it, with the places of its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.errors import ArgumentError
from bothways.text import UNKNOWN, places, shorten

if TYPE_CHECKING:
    from bothways.runtime._model import Model


class Tokens(NamedTuple):
    """The `T` tokens that are read of a text, their places in it, and whether they are words of
    the vocabulary; and `ids (T + padding,)` int32, with the zeros that are read after them."""

    tokens: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    known: NDArray[np.bool_]
    ids: NDArray[np.int32]
    padding: int


def read_tokens(model: Model, text: str, padded: int | None = None) -> Tokens:
    """The tokens of `text` within the model's length, filled with zeros up to `padded` tokens, or
    up to the model's length if it reads its padding.

    Raises `ArgumentError` for what is not one text, or not a length; `DataError` for a string
    that has no UTF-8.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"expected one text, got {type(text).__name__}")
    if padded is not None and (isinstance(padded, bool) or padded < 0):
        raise ArgumentError(f"padded must be a number of tokens from 0, got {padded!r}")
    vectorizer = model.vectorizer
    ids = vectorizer.encode_whole([text]).values
    tokens, where = vectorizer.tokens(text), places(vectorizer, text)
    length = vectorizer.output_sequence_length
    if length is not None and len(ids) > length:
        every = Ragged(np.arange(len(ids)), np.array([0, len(ids)]))
        kept = shorten(every, length, vectorizer.truncate).ids.values
        ids, tokens, where = ids[kept], [tokens[n] for n in kept], [where[n] for n in kept]
    if padded is None and not model.spec.network.mask:
        padded = length
    padding = max(0, (padded or 0) - len(ids))
    filled = np.concatenate([ids, np.zeros(padding, np.int32)])
    return Tokens(tuple(tokens), tuple(where), ids != UNKNOWN, filled, padding)
