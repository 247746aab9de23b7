"""A text cut at its tokens, for whoever writes it down again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bothways.runtime import Explanation


class Piece(NamedTuple):
    """A part of the text: a token with its shares, or, `is_token` false, what is between tokens and
    was not read."""

    text: str
    is_token: bool = False
    forward: float = 0.0
    backward: float = 0.0


def pieces(of: Explanation) -> list[Piece]:
    """The whole text, in order. Tokens of one and the same place are one piece."""
    found: list[Piece] = []
    end = 0
    shares = zip(of.places, of.forward.tolist(), of.backward.tolist(), strict=True)
    for (start, stop), forward, backward in shares:
        if start < end:
            last = found.pop()
            forward, backward = last.forward + forward, last.backward + backward
        elif start > end:
            found.append(Piece(of.text[end:start]))
        found.append(Piece(of.text[start:stop], True, forward, backward))
        end = stop
    if end < len(of.text):
        found.append(Piece(of.text[end:]))
    return found


def strongest(of: Explanation, most: int) -> list[int]:
    """The places of the tokens that contributed most, in either direction, the first ones first;
    none that contributed nothing."""
    sizes = np.abs(of.contributions)
    return [n for n in np.argsort(-sizes, kind="stable")[:most].tolist() if sizes[n]]
