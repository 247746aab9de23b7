"""How a change of what an LSTM layer reads changes what it gives, exactly.

A gradient says how the output changes with a step too small to see. Here two readings are
compared, of a text and of a reference, and each operation passes on its whole change: a
sigmoid by the slope of its secant, a product `a * b` by `da * mean(b) + db * mean(a)`. So the
contributions of the inputs sum to the change of the output without any remainder, which holds for
no gradient at a point, and for those integrated along a path only in the limit. This is
DeepLIFT's rescale rule (Shrikumar et al. 2017), with products halved between their factors, as
Shapley's value halves them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels

Floats = NDArray[np.float32]

# Two values closer than this have the slope between them by the derivative in their middle: it
# differs by less than a millionth there, and a difference of nearly equal numbers by more.
_CLOSE = np.float32(1e-3)


class Reading(NamedTuple):
    """What a layer read and made of it, in the order in which each direction reads: the input half
    of the gates `(D, T, 4H)`; the gates i, f, g, o after their activations `(D, T, 4, H)`; cell
    and state `(D, T, H)`. In the order of the text, the states `output (T, D * H)`, and the last
    one of each direction, `h_n (D, 1, H)`."""

    projected: Floats
    gates: Floats
    cell: Floats
    state: Floats
    output: Floats
    h_n: Floats


def read(projected: Floats, recurrent: Floats, threads: int | None = None) -> Reading:
    """Read one text of `T` tokens: `projected (T, D * 4H)`, `recurrent (D, H, 4H)`."""
    D, H, _ = recurrent.shape
    T = len(projected)
    states = kernels.lstm_forward(
        projected, np.array([0, T]), recurrent, output=True, threads=threads
    )
    assert states.kept is not None and states.output is not None
    kept = states.kept.reshape(D, T, 6, H)
    ordered = in_reading_order(projected, D)
    gates, cell, state = kept[:, :, :4], kept[:, :, 4], kept[:, :, 5]
    return Reading(ordered, gates, cell, state, states.output, states.h_n)


def in_reading_order(x: Floats, directions: int) -> Floats:
    """`(T, D * F)` as `(D, T, F)`, the second direction from the end."""
    halves = np.split(x, directions, axis=1)
    return np.stack([half[:: 1 if d == 0 else -1] for d, half in enumerate(halves)])


def in_text_order(x: Floats) -> Floats:
    """The inverse of `in_reading_order`."""
    return np.concatenate([half[:: 1 if d == 0 else -1] for d, half in enumerate(x)], axis=1)


def pass_back(
    text: Reading,
    reference: Reading,
    recurrent: Floats,
    d_output: Floats,
    threads: int | None = None,
) -> Floats:
    """From what a change of the outputs is worth, `(T, D * H)`, to what a change of the
    projected input is worth, the same `(T, D * 4H)` as a gradient has."""
    worth = in_reading_order(d_output, len(text.state))
    return in_text_order(pass_back_in_order(text, reference, recurrent, worth, threads))


def pass_back_in_order(
    text: Reading,
    reference: Reading,
    recurrent: Floats,
    worth: Floats,
    threads: int | None = None,
) -> Floats:
    """`pass_back` in the order of reading: from `(D, T, H)` to `(D, T, 4H)`.

    `recurrent` has weights for each of the `D` readers, or one `(1, H, 4H)` for all of them.
    """
    D, T, _, H = text.gates.shape
    mean = (text.gates + reference.gates) / 2
    slope = _gate_slopes(text, reference, recurrent, threads)
    tanh, tanh_reference = np.tanh(text.cell), np.tanh(reference.cell)
    middle = np.tanh((text.cell + reference.cell) / 2)
    tanh_slope = _secant(tanh, tanh_reference, text.cell, reference.cell, 1 - middle * middle)
    # state = o * tanh(cell); cell = f * cell before + i * g
    of_cell = mean[:, :, 3] * tanh_slope
    slope[:, :, 3] *= (tanh + tanh_reference) / 2
    slope[:, 1:, 1] *= (text.cell + reference.cell)[:, :-1] / 2
    slope[:, 0, 1] = 0
    slope[:, :, (0, 2)] *= mean[:, :, (2, 0)]
    forget = mean[:, :, 1]

    transposed = np.ascontiguousarray(recurrent.swapaxes(1, 2))
    d_state, d_cell = np.zeros((D, H), np.float32), np.zeros((D, H), np.float32)
    factors = np.empty((D, 4, H), np.float32)
    for t in range(T - 1, -1, -1):
        d_state += worth[:, t]
        d_cell += d_state * of_cell[:, t]
        factors[:, :3] = d_cell[:, None]
        factors[:, 3] = d_state
        d_gates = slope[:, t]
        d_gates *= factors
        d_cell *= forget[:, t]
        d_state = (d_gates.reshape(len(recurrent), -1, 4 * H) @ transposed).reshape(D, H)
    return slope.reshape(D, T, 4 * H)


def _gate_slopes(
    text: Reading, reference: Reading, recurrent: Floats, threads: int | None
) -> Floats:
    """The slopes of the gates' activations between the two readings, `(D, T, 4, H)`."""
    x, x0 = (_before_activation(reading, recurrent, threads) for reading in (text, reference))
    middle = (x + x0) / np.float32(2)
    tanh = np.tanh(middle / 2)
    derivative = (1 - tanh * tanh) / np.float32(4)  # of the sigmoid
    tanh = np.tanh(middle[:, :, 2])
    derivative[:, :, 2] = 1 - tanh * tanh
    return _secant(text.gates, reference.gates, x, x0, derivative)


def _before_activation(reading: Reading, recurrent: Floats, threads: int | None) -> Floats:
    before = reading.projected.copy()
    each = np.split(before, len(recurrent)), np.split(reading.state, len(recurrent))
    for later, state, weights in zip(*each, recurrent, strict=True):
        earlier = state[:, :-1].reshape(-1, state.shape[2])
        more = kernels.project(earlier, weights, threads=threads)
        later[:, 1:] += more.reshape(later[:, 1:].shape)
    return before.reshape(reading.gates.shape)


def _secant(y: Floats, y0: Floats, x: Floats, x0: Floats, derivative: NDArray) -> Floats:
    change = x - x0
    close = np.abs(change) < _CLOSE
    return np.where(close, derivative, (y - y0) / np.where(close, np.float32(1), change))
