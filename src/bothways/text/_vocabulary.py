"""Which tokens have an id, and which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError

PADDING, UNKNOWN_TOKEN = "", "[UNK]"
UNKNOWN = 1
"""The id of every token that the vocabulary does not have."""


def frequent(counts: NDArray[np.int64], max_tokens: int | None) -> NDArray[np.int64]:
    """The places of all `counts (n,)` that `ranked` may keep, in order."""
    if max_tokens is None or max_tokens >= len(counts):
        return np.arange(len(counts))
    # Most words occur once or twice. Those that may be kept, and the special two, are
    # no rarer than this one.
    return np.flatnonzero(counts >= np.partition(counts, -max_tokens)[-max_tokens])


def ranked(tokens: Iterable[bytes], counts: Iterable[int], max_tokens: int | None) -> list[str]:
    """The tokens with an id, in the order of their ids, without the two special ones.

    `tokens` are distinct and UTF-8. By falling count;
    ties, as Keras breaks them, in reverse order of the UTF-8 bytes. The special tokens are no
    words: where a text holds them as such they are not counted.
    """
    order = sorted(zip(counts, tokens, strict=True), reverse=True)
    special = (PADDING.encode(), UNKNOWN_TOKEN.encode())
    kept = [token.decode() for _, token in order if token not in special]
    return kept if max_tokens is None else kept[: max_tokens - 2]


def checked_vocabulary(vocabulary: Sequence[str], max_tokens: int | None) -> list[str]:
    """A given vocabulary without the two special tokens it may begin with.

    Raises `ArgumentError` if a token is there twice, is not a string, or has no place left.
    """
    if isinstance(vocabulary, (str, bytes)) or not hasattr(vocabulary, "__iter__"):
        raise ArgumentError(f"a vocabulary is a list of strings, got {vocabulary!r}")
    tokens = list(vocabulary)
    special = 2 if tokens[:2] == [PADDING, UNKNOWN_TOKEN] else 0
    seen: set[str] = set()
    for number, token in enumerate(tokens[special:], start=special):
        where = f"token {number} of the vocabulary"
        if not isinstance(token, str):
            raise ArgumentError(f"{where} is {token!r}, not a string")
        if token in (PADDING, UNKNOWN_TOKEN):
            raise ArgumentError(
                f"{where} is {token!r}: '' and '[UNK]' are its first two, or not in it"
            )
        if token in seen:
            raise ArgumentError(f"{where} is {token!r}, which is in it already")
        try:
            token.encode()
        except UnicodeEncodeError:
            raise ArgumentError(f"{where} holds a lone surrogate: {token!r}") from None
        seen.add(token)
    tokens = [str(token) for token in tokens[special:]]  # NumPy's strings become Python's
    if max_tokens is not None and len(tokens) > max_tokens - 2:
        raise ArgumentError(
            f"the vocabulary has {len(tokens)} tokens, and max_tokens={max_tokens} leaves room "
            f"for {max_tokens - 2} beside padding and [UNK]"
        )
    return tokens
