"""`_secant` for a layer whose reader from the right begins a few tokens ahead of each token.

What such a reader knows of a token is the last state of a window of its own. Each window is handed
back alone, and a token gets the sum of what it was worth in all that it stands in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.kernels import Recurrent
from bothways.runtime._lookahead import read_ahead
from bothways.runtime._secant import Reading, pass_back, pass_back_in_order, read

Floats = NDArray[np.float32]

# Steps of windows that are handed back at a time: 70 MB for 32 units.
_STEPS = 1 << 12


class ReadingAhead(NamedTuple):
    """What a layer read, `projected (T, 2 * 4H)`; what its reader from the left made of it; and the
    states of both, `output (T, 2H)`."""

    projected: Floats
    forward: Reading
    output: Floats
    h_n: None = None


def read_and_look_ahead(
    projected: Floats,
    readers: tuple[Recurrent, ...],
    lookahead: int,
    threads: int | None = None,
) -> ReadingAhead:
    """Read one text of `T` tokens; see `bothways.runtime._lookahead`."""
    T, width = projected.shape
    index = np.arange(T, dtype=np.int32)
    output = read_ahead(
        projected, np.array([0, T]), readers, lookahead, index=index, threads=threads
    )
    left = np.ascontiguousarray(projected[:, : width // 2])
    return ReadingAhead(projected, read(left, readers[0].weights, threads), output)


def pass_back_ahead(
    text: ReadingAhead,
    reference: ReadingAhead,
    recurrent: Floats,
    lookahead: int,
    d_output: Floats,
    threads: int | None = None,
) -> Floats:
    """As `bothways.runtime._secant.pass_back`, from `(T, 2H)` to `(T, 2 * 4H)`."""
    T, H = len(text.projected), recurrent.shape[1]
    weights, d_right = recurrent[1:], d_output[:, H:]
    forward = pass_back(text.forward, reference.forward, recurrent[:1], d_output[:, :H], threads)
    both = [np.ascontiguousarray(of.projected[:, 4 * H :]) for of in (text, reference)]
    length = min(lookahead + 1, T)
    worth = np.zeros((T, 4 * H), np.float32)
    # The windows of the last tokens all begin at the end: one reading has the states of all.
    end, end_reference = (read(right[-length:][::-1].copy(), weights, threads) for right in both)
    at_end = pass_back(end, end_reference, weights, d_right[-length:][::-1], threads)
    worth[-length:] = at_end[::-1]
    step = max(1, _STEPS // length)
    for start in range(0, T - length, step):
        tokens = np.arange(start, min(start + step, T - length))
        places = tokens[:, None] + np.arange(length - 1, -1, -1)
        span, span_reference = (_read_windows(right[places], weights, threads) for right in both)
        at_last = np.zeros((*places.shape, H), np.float32)
        at_last[:, -1] = d_right[tokens]
        back = pass_back_in_order(span, span_reference, weights, at_last, threads)
        for n in range(length):  # the places of one column differ
            worth[places[:, n]] += back[:, n]
    return np.concatenate([forward, worth], axis=1)


def _read_windows(projected: Floats, weights: Floats, threads: int | None) -> Reading:
    """Read `N` windows as one reader does, `projected (N, L, 4H)` in the order of reading."""
    N, L, width = projected.shape
    states = kernels.lstm_forward(
        projected.reshape(N * L, width), np.arange(N + 1) * L, weights, threads=threads
    )
    assert states.kept is not None and states.output is not None
    # All first steps come before all second ones, and of windows as long as one another the first.
    kept = states.kept.reshape(L, N, 6, width // 4).swapaxes(0, 1)
    gates, cell, state = kept[:, :, :4], kept[:, :, 4], kept[:, :, 5]
    return Reading(projected, gates, cell, state, states.output, states.h_n)
