"""An LSTM layer whose reader from the right begins a few tokens ahead: a window for each token.

The reader from the left goes through a text as ever. That from the right begins anew for each
token, `lookahead` tokens after it or at the end of the text, and reads back to it: what it knows
there is the state of that token's window (the latency-controlled BLSTM of Zhang et al. 2016, with
a window for each token in the place of one for each block of tokens). `T` windows are a ragged
batch of `T` sequences over the same projected rows.

Of both directions' gates, side by side in `projected (U, 2 * 4H)`, row `2u` and `2u + 1` of the
same array seen as `(2U, 4H)` are those of one direction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.kernels import Precision, Recurrent

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]

# Steps of windows at a time where nothing is kept of them: 4 MB of places.
_STEPS = 1 << 20


class Windows(NamedTuple):
    """A window for each of some tokens: the token and those after it that the reader from the right
    reads, from last to first. `tokens (W,)` int32 are places in the batch, those of window `n`
    from `offsets[n]` to `offsets[n + 1] - 1`."""

    tokens: Ids
    offsets: Offsets


class Ahead(NamedTuple):
    """The states of both readers, and what the way back needs. `output (T, 2H)`, the reader from
    the left first; `forward`, over the texts; `backward`, over the windows. There are no last
    states `h_n` to pool: the last token has nothing ahead."""

    output: Floats
    forward: kernels.LstmStates
    backward: kernels.LstmStates
    windows: Windows
    h_n: None = None


def windows(offsets: Offsets, lookahead: int, start: int = 0, stop: int | None = None) -> Windows:
    """The windows of tokens `start` to `stop - 1` of a batch, at most `lookahead + 1` long."""
    tokens = np.arange(int(offsets[-1]))[start:stop]
    ends = np.repeat(offsets[1:], np.diff(offsets))[start:stop]
    lengths = np.minimum(ends - tokens, lookahead + 1)
    bounds = np.concatenate([[0], lengths.cumsum()])
    places = np.arange(bounds[-1]) + np.repeat(tokens - bounds[:-1], lengths)
    return Windows(places.astype(np.int32), bounds)


def read_ahead(
    projected: Floats,
    offsets: Offsets,
    readers: tuple[Recurrent, ...],
    lookahead: int,
    *,
    index: Ids,
    precision: Precision = "f32",
    threads: int | None = None,
) -> Floats:
    """The states of both readers after each token, `(T, 2H)`, of which nothing else is kept.

    `readers`, the recurrent weights `(1, H, 4H)` of each; the rest as in `kernels.lstm`.
    """
    forward = kernels.lstm(
        *(rows_of(projected), offsets, readers[0]),
        index=2 * index,
        sequences=True,
        precision=precision,
        threads=threads,
    ).output
    assert forward is not None
    backward = look_back(
        *(projected, offsets, readers[1], lookahead),
        index=index,
        precision=precision,
        threads=threads,
    )
    return np.concatenate([forward, backward], axis=1)


def look_back(
    projected: Floats,
    offsets: Offsets,
    reader: Recurrent,
    lookahead: int,
    *,
    index: Ids,
    stop: int | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> Floats:
    """The states of the reader from the right alone, of the first `stop` tokens (None: all of
    them), `(T, H)`."""
    rows, index = rows_of(projected), 2 * index + 1
    T = int(offsets[-1]) if stop is None else stop
    states = np.empty((T, rows.shape[1] // 4), np.float32)
    step = max(1, _STEPS // (min(lookahead, int(offsets[-1])) + 1))
    for start in range(0, T, step):
        part = windows(offsets, lookahead, start, min(start + step, T))
        states[start : start + step] = kernels.lstm(
            *(rows, part.offsets, reader),
            index=index[part.tokens],
            reverse=True,
            precision=precision,
            threads=threads,
        ).h_n[0]
    return states


def lookahead_forward(
    projected: Floats,
    offsets: Offsets,
    recurrent: Floats,
    lookahead: int,
    *,
    index: Ids,
    **how: Any,
) -> Ahead:
    """As `kernels.lstm_forward` for two directions, of which the second one looks ahead.

    Kept are the traces of `T` steps and of those of all windows, `24 * H` bytes each. `how`:
    `interval`, `precision` and `threads`.
    """
    rows = rows_of(projected)
    forward = kernels.lstm_forward(rows, offsets, recurrent[:1], index=2 * index, **how)
    found = windows(offsets, lookahead)
    backward = kernels.lstm_forward(
        *(rows, found.offsets, recurrent[1:]),
        index=2 * index[found.tokens] + 1,
        reverse=True,
        output=False,
        **how,
    )
    assert forward.output is not None
    output = np.concatenate([forward.output, backward.h_n[0]], axis=1)
    return Ahead(output, forward, backward, found)


def lookahead_backward(
    states: Ahead,
    projected: Floats,
    offsets: Offsets,
    recurrent: Floats,
    d_output: Floats,
    *,
    index: Ids,
    **how: Any,
) -> tuple[Floats, Floats]:
    """The gradients of `projected` and `recurrent (2, H, 4H)` from those of the outputs,
    `d_output (T, 2H)`. All that `lookahead_forward` was given must be given again."""
    rows, H = rows_of(projected), recurrent.shape[1]
    d_rows, d_forward, _, _ = kernels.lstm_backward(
        *(states.forward, rows, offsets, recurrent[:1]),
        index=2 * index,
        d_output=np.ascontiguousarray(d_output[:, :H]),
        **how,
    )
    tokens, bounds = states.windows
    d_more, d_backward, _, _ = kernels.lstm_backward(
        *(states.backward, rows, bounds, recurrent[1:]),
        index=2 * index[tokens] + 1,
        d_h_n=np.ascontiguousarray(d_output[None, :, H:]),
        reverse=True,
        **how,
    )
    d_rows += d_more
    return d_rows.reshape(projected.shape), np.concatenate([d_forward, d_backward])


def rows_of(projected: Floats) -> Floats:
    """`(U, 2 * 4H)` as `(2U, 4H)`, a row for each direction; the same memory."""
    return projected.reshape(2 * len(projected), projected.shape[1] // 2)
