"""The recurrence over ragged sequences, in one or both directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.errors import ArgumentError
from bothways.kernels import _kernels
from bothways.kernels._border import floats, ids32, maybe_floats, native, offsets64
from bothways.kernels._isa import default_threads

Floats = NDArray[np.float32]


class LstmStates(NamedTuple):
    """What a forward pass gives, with `D` directions.

    `output (T, D * H)`: the state after each token, forward direction first. `h_n` and `c_n`,
    `(D, N, H)`: the state after the last token that each direction read; a sequence without
    tokens keeps its initial state. `gates (D, T, 4H)`, in the order i, f, g, o after their
    activations, and `cells (D, T, H)`: what the backward pass needs, all first steps before
    all second ones, longest sequence first. All float32; None where it was not asked for.
    """

    output: Floats | None
    h_n: Floats
    c_n: Floats
    gates: Floats | None
    cells: Floats | None


def lstm_forward(
    projected: ArrayLike,
    offsets: ArrayLike,
    recurrent: ArrayLike,
    *,
    index: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    threads: int | None = None,
) -> LstmStates:
    """Run the recurrence and keep what `lstm_backward` needs.

    `projected (U, D * 4H)` is the input half of the gates, bias included; token `t` reads row
    `index[t]` of it, or row `t` without an `index (T,)`. `offsets (N + 1,)`; `recurrent (D, H,
    4H)`; `h0` and `c0 (D, N, H)`, zeros if None. With `D` = 2 direction 1 reads from the end;
    with `D` = 1 `reverse` makes it do so. Raises `ArgumentError` where shapes disagree.
    """
    return _run(projected, offsets, recurrent, index, h0, c0, reverse, True, True, threads)


def lstm(
    projected: ArrayLike,
    offsets: ArrayLike,
    recurrent: ArrayLike,
    *,
    index: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    sequences: bool = False,
    threads: int | None = None,
) -> LstmStates:
    """As `lstm_forward`, for inference: no gates are kept, outputs only if `sequences`."""
    return _run(projected, offsets, recurrent, index, h0, c0, reverse, sequences, False, threads)


def _run(projected, offsets, recurrent, index, h0, c0, reverse, output, keep, threads):
    projected, offsets = floats(projected, "projected", 2), offsets64(offsets)
    recurrent = floats(recurrent, "recurrent", 3)
    index = None if index is None else ids32(index, "index")
    D, H, _ = recurrent.shape
    T, N = len(projected if index is None else index), len(offsets) - 1

    def empty(*shape: int) -> Floats:
        return np.empty(shape, np.float32)

    states = LstmStates(
        empty(T, D * H) if output else None,
        empty(D, N, H),
        empty(D, N, H),
        empty(D, T, 4 * H) if keep else None,
        empty(D, T, H) if keep else None,
    )
    h0, c0 = maybe_floats(h0, "h0", 3), maybe_floats(c0, "c0", 3)
    threads = threads or default_threads()
    native(
        _kernels.lstm_forward,
        projected,
        index,
        offsets,
        recurrent,
        h0,
        c0,
        reverse,
        *states,
        threads,
    )
    return states


def lstm_backward(
    states: LstmStates,
    offsets: ArrayLike,
    recurrent: ArrayLike,
    *,
    index: ArrayLike | None = None,
    rows: int | None = None,
    d_output: ArrayLike | None = None,
    d_h_n: ArrayLike | None = None,
    d_c_n: ArrayLike | None = None,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
    reverse: bool = False,
    initial: bool = False,
    threads: int | None = None,
) -> tuple[Floats, Floats, Floats | None, Floats | None]:
    """Gradients by back-propagation through time.

    `d_output (T, D * H)`, `d_h_n` and `d_c_n (D, N, H)` are the gradients of what the forward
    pass gave, zeros if None. Returns those of `projected`, of `recurrent (D, H, 4H)`, and, if
    `initial`, of `h0` and `c0 (D, N, H)`, otherwise None. With an `index (T,)`, as in the
    forward pass, `projected` has `rows` rows, and each gets the sum over the tokens that
    read it; otherwise a row for each token.
    """
    if states.gates is None:
        raise ArgumentError("the backward pass needs what lstm_forward keeps, and lstm does not")
    recurrent, offsets = floats(recurrent, "recurrent", 3), offsets64(offsets)
    index = None if index is None else ids32(index, "index")
    D, T, G = states.gates.shape
    d_projected = np.empty((T if index is None else int(rows or 0), D * G), np.float32)
    d_recurrent = np.empty_like(recurrent)
    d_h0 = np.empty_like(states.h_n) if initial else None
    d_c0 = np.empty_like(states.h_n) if initial else None
    native(
        _kernels.lstm_backward,
        *(states.gates, states.cells, states.output, index, offsets, recurrent),
        *(maybe_floats(h0, "h0", 3), maybe_floats(c0, "c0", 3), reverse),
        maybe_floats(d_output, "d_output", 2),
        *(maybe_floats(d_h_n, "d_h_n", 3), maybe_floats(d_c_n, "d_c_n", 3)),
        *(d_projected, d_recurrent, d_h0, d_c0),
        threads or default_threads(),
    )
    return d_projected, d_recurrent, d_h0, d_c0
