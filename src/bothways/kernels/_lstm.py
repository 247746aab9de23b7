"""The recurrence over ragged sequences, in one or both directions."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.errors import ArgumentError
from bothways.kernels import _kernels
from bothways.kernels._border import empty, floats, ids32, maybe_floats, native, offsets64
from bothways.kernels._isa import Precision, default_threads, isa, precision_code

Floats = NDArray[np.float32]
_POOLS = {None: 0, "mean": 1, "max": 2}


class LstmStates(NamedTuple):
    """What a forward pass gives, with `D` directions; all float32.

    `output (T, D * H)`: the state after each token, forward direction first. `h_n` and `c_n`,
    `(D, N, H)`: the state after the last token that each direction read; a sequence without
    tokens keeps its initial state. `kept`: what the backward pass needs. That is the trace
    `(D, T, 6H)`: the gates i, f, g, o after their activations, the cell and the state of each
    step, all first steps before all second ones, longest sequence first; or, with an
    interval, the checkpoints. `pooled (N, D * H)`. None where it was not asked for.
    """

    output: Floats | None
    h_n: Floats
    c_n: Floats
    kept: Floats | None = None
    pooled: Floats | None = None


class Recurrent:
    """Recurrent weights `(D, H, 4H)` float32 that do not change, packed once for the kernels.

    `lstm` takes them in the place of the array, and saves packing them at every call.
    """

    def __init__(self, weights: ArrayLike) -> None:
        self.weights = floats(weights, "recurrent", 3)
        self._packed: dict[tuple[str, int], Floats] = {}

    def packed(self, code: int) -> Floats:
        """The weights as the tier in use reads them at the precision of that code."""
        key = (isa(), code)
        if key not in self._packed:
            D, H, _ = self.weights.shape
            packed = empty(D, _kernels.packed_size(H, code))
            native(_kernels.pack_recurrent, self.weights, code, packed)
            self._packed[key] = packed
        return self._packed[key]


def lstm_forward(
    projected: ArrayLike,
    offsets: ArrayLike,
    recurrent: ArrayLike,
    *,
    index: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    output: bool = True,
    interval: int | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> LstmStates:
    """Run the recurrence and keep what `lstm_backward` needs.

    `projected (U, D * 4H)` is the input half of the gates, bias included; token `t` reads row
    `index[t]` of it, or row `t` without an `index (T,)`. `offsets (N + 1,)`; `recurrent (D, H,
    4H)`; `h0` and `c0 (D, N, H)`, both or neither, zeros if None. With `D` = 2 direction 1
    reads from the end; with `D` = 1 `reverse` makes it do so.

    Kept is the trace of every step, `24 * T * D * H` bytes, or with an `interval` the state
    before every `interval`-th step alone; the backward pass then computes the steps between
    again, `interval` of them at a time, for a third more work and the same bits (Chen et al.
    2016). Raises `ArgumentError` where shapes disagree.
    """
    projected, offsets = floats(projected, "projected", 2), offsets64(offsets)
    recurrent = floats(recurrent, "recurrent", 3)
    index = None if index is None else ids32(index, "index")
    D, H, _ = recurrent.shape
    T, N = len(projected if index is None else index), len(offsets) - 1
    if interval is None:
        kept = empty(D, T, 6 * H)
    elif interval < 1:
        raise ArgumentError(f"interval must be a whole number from 1, got {interval!r}")
    else:
        lengths = np.diff(offsets)
        rows = int((np.maximum(lengths - 1, 0) // interval).sum())
        kept = empty(D, rows, 2 * H)
    out = empty(T, D * H) if output else None
    h_n, c_n = empty(D, N, H), empty(D, N, H)
    native(
        _kernels.lstm_forward,
        *(projected, index, offsets, recurrent, None),
        *(maybe_floats(h0, "h0", 3), maybe_floats(c0, "c0", 3), reverse),
        *(precision_code(precision), interval or 0, kept, out, h_n, c_n, 0, None),
        threads or default_threads(),
    )
    return LstmStates(out, h_n, c_n, kept)


def lstm(
    projected: ArrayLike,
    offsets: ArrayLike,
    recurrent: ArrayLike | Recurrent,
    *,
    index: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    sequences: bool = False,
    pool: Literal["mean", "max"] | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> LstmStates:
    """As `lstm_forward`, for inference: nothing is kept.

    The outputs are written only if `sequences`. With a `pool` they are pooled over the tokens
    of each sequence as they come, in memory that does not grow with its length.
    """
    code = precision_code(precision)
    packed = recurrent.packed(code) if isinstance(recurrent, Recurrent) else None
    weights = recurrent.weights if isinstance(recurrent, Recurrent) else recurrent
    projected, offsets = floats(projected, "projected", 2), offsets64(offsets)
    weights = floats(weights, "recurrent", 3)
    index = None if index is None else ids32(index, "index")
    D, H, _ = weights.shape
    T, N = len(projected if index is None else index), len(offsets) - 1
    out = empty(T, D * H) if sequences else None
    h_n, c_n = empty(D, N, H), empty(D, N, H)
    if pool not in _POOLS:
        raise ArgumentError(f"pool must be 'mean', 'max' or None, got {pool!r}")
    pooled = None if pool is None else empty(N, D * H)
    native(
        _kernels.lstm_forward,
        *(projected, index, offsets, weights, packed),
        *(maybe_floats(h0, "h0", 3), maybe_floats(c0, "c0", 3), reverse),
        *(code, 0, None, out, h_n, c_n, _POOLS[pool], pooled),
        threads or default_threads(),
    )
    return LstmStates(out, h_n, c_n, None, pooled)


def lstm_backward(
    states: LstmStates,
    projected: ArrayLike,
    offsets: ArrayLike,
    recurrent: ArrayLike,
    *,
    index: ArrayLike | None = None,
    d_output: ArrayLike | None = None,
    d_h_n: ArrayLike | None = None,
    d_c_n: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    initial: bool = False,
    interval: int | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> tuple[Floats, Floats, Floats | None, Floats | None]:
    """Gradients by back-propagation through time.

    All that `lstm_forward` was given must be given again. `d_output (T, D * H)`, `d_h_n` and
    `d_c_n (D, N, H)` are the gradients of what it gave, zeros if None. Returns those of
    `projected` (each of its rows gets the sum over the tokens that read it), of
    `recurrent (D, H, 4H)`, and, if `initial`, of `h0` and `c0 (D, N, H)`, otherwise None.
    """
    if states.kept is None:
        raise ArgumentError("the backward pass needs what lstm_forward keeps, and lstm does not")
    projected, offsets = floats(projected, "projected", 2), offsets64(offsets)
    recurrent = floats(recurrent, "recurrent", 3)
    index = None if index is None else ids32(index, "index")
    d_projected, d_recurrent = empty(*projected.shape), empty(*recurrent.shape)
    d_h0 = np.empty_like(states.h_n) if initial else None
    d_c0 = np.empty_like(states.h_n) if initial else None
    native(
        _kernels.lstm_backward,
        *(projected, index, offsets, recurrent),
        *(maybe_floats(h0, "h0", 3), maybe_floats(c0, "c0", 3), reverse),
        *(precision_code(precision), interval or 0, states.kept),
        maybe_floats(d_output, "d_output", 2),
        *(maybe_floats(d_h_n, "d_h_n", 3), maybe_floats(d_c_n, "d_c_n", 3)),
        *(d_projected, d_recurrent, d_h0, d_c0),
        threads or default_threads(),
    )
    return d_projected, d_recurrent, d_h0, d_c0
