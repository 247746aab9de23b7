"""What a client may ask of the service at most, and how long anything may take."""

from __future__ import annotations

from dataclasses import dataclass

READ_WORD_BY_WORD = 2_000
"""Tokens of a text that is explained or read word by word, and of what `padded` may ask: every word
is another text to read, so that the work grows with the square; 2,000 take a tenth of a second."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one request, and of all that are there at a time.

    `body`: bytes of a request, or of one line of a stream. `texts`: texts of a request.
    `tokens`: of a text as the model reads it, after its own length limit. `waiting`: parts of
    requests that wait to be computed; `held`: bytes of all bodies in memory. One more than either
    is told to come back. `seconds`: from the head of a request to its answer, and without a
    complete line in a stream. `receive_seconds`: until a head, or a body, is there. `grace`:
    seconds to finish what was taken, when the service is told to end.
    """

    body: int = 8_000_000
    texts: int = 1_000
    tokens: int = 100_000
    waiting: int = 1_000
    held: int = 256_000_000
    seconds: float = 30.0
    receive_seconds: float = 10.0
    grace: float = 30.0
