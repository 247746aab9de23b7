"""Every kernel in plain NumPy, as its equations read.

This is the oracle of the tests and the place to learn what the compiled kernels do; it is
never optimised. Arguments and results are those of `bothways.kernels`, but any float dtype
is taken and kept, so that float64 shows how far float32 is from the truth.

Letters: `N` sequences, `T` tokens in the batch, `I` input, `H` hidden, `D` directions,
`U` distinct tokens, `V` vocabulary, `G` gate columns, `F` features, `C` classes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Unique(NamedTuple):
    """See `bothways.kernels.Unique`."""

    distinct: NDArray
    inverse: NDArray
    order: NDArray
    starts: NDArray


class LstmStates(NamedTuple):
    """See `bothways.kernels.LstmStates`."""

    output: NDArray
    h_n: NDArray
    c_n: NDArray
    gates: NDArray
    cells: NDArray


# ---- tokens ---------------------------------------------------------------------------


def unique(ids, vocabulary_size):
    """The distinct ids, the place of each token among them, and the tokens of each."""
    if len(ids) and not (ids.min() >= 0 and ids.max() < vocabulary_size):
        raise ValueError("an id is not in the vocabulary")
    distinct, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    return Unique(distinct, inverse, order, np.concatenate([[0], np.cumsum(counts)]))


def gather(table, ids):
    """The embedding lookup."""
    return table[ids]


def sum_by_token(x, tokens):
    """Sum the rows of `x` that belong to the same id: the gradient of a gather."""
    out = np.zeros((len(tokens.distinct), x.shape[1]), x.dtype)
    np.add.at(out, tokens.inverse, x)
    return out


def project(x, kernel, bias=None, rows=None):
    """The input half of the gates. It depends on the token alone, so once for each suffices."""
    out = (x if rows is None else x[rows]) @ kernel
    return out if bias is None else out + bias


def project_backward_input(d_out, kernel):
    """The gradient of the rows that were projected."""
    return d_out @ kernel.T


def project_backward_kernel(x, d_out, rows=None):
    """The gradients of the kernel and of the bias."""
    return (x if rows is None else x[rows]).T @ d_out, d_out.sum(axis=0)


# ---- the recurrence -------------------------------------------------------------------


def sigmoid(x):
    """`1 / (1 + exp(-x))`, written so that exp never overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _steps(offsets, n, backward):
    """The tokens of sequence `n` in the order in which a direction reads them."""
    tokens = range(offsets[n], offsets[n + 1])
    return reversed(tokens) if backward else tokens


def _flat(x):
    return x.reshape(len(x), int(np.prod(x.shape[1:])))


def lstm_forward(
    projected, offsets, recurrent, *, index=None, h0=None, c0=None, reverse=False
) -> LstmStates:
    """Long short-term memory with forget gates (Hochreiter & Schmidhuber 1997; Gers et al.
    2000), each sequence and direction by itself (Graves & Schmidhuber 2005)."""
    if index is not None:
        projected = projected[index]
    (D, H, _), T, N = recurrent.shape, len(projected), len(offsets) - 1
    dtype = projected.dtype
    x = projected.reshape(T, D, 4, H)
    gates, cells, output = (np.zeros(s, dtype) for s in [(T, D, 4, H), (T, D, H), (T, D, H)])
    h_n, c_n = (np.zeros((D, N, H), dtype) if s is None else s.copy() for s in (h0, c0))
    for d in range(D):
        for n in range(N):
            h, c = h_n[d, n], c_n[d, n]
            for t in _steps(offsets, n, d == 1 or reverse):
                z = x[t, d] + (h @ recurrent[d]).reshape(4, H)
                i, f, o = sigmoid(z[0]), sigmoid(z[1]), sigmoid(z[3])
                g = np.tanh(z[2])
                c = f * c + i * g
                h = o * np.tanh(c)
                gates[t, d], cells[t, d], output[t, d] = (i, f, g, o), c, h
            h_n[d, n], c_n[d, n] = h, c
    return LstmStates(_flat(output), h_n, c_n, _flat(gates), _flat(cells))


def lstm_backward(
    states,
    offsets,
    recurrent,
    *,
    d_output=None,
    d_h_n=None,
    d_c_n=None,
    h0=None,
    c0=None,
    reverse=False,
):
    """Back-propagation through time: gradients of the gates, of `recurrent`, `h0` and `c0`."""
    (D, H, _), T, N = recurrent.shape, len(states.gates), len(offsets) - 1
    zeros = np.zeros((D, N, H), recurrent.dtype)
    gates = states.gates.reshape(T, D, 4, H)
    cells, output = states.cells.reshape(T, D, H), states.output.reshape(T, D, H)
    d_out = np.zeros((T, D, H), recurrent.dtype) if d_output is None else d_output
    d_out = d_out.reshape(T, D, H)
    d_gates, d_recurrent = np.zeros_like(gates), np.zeros_like(recurrent)
    d_h0, d_c0 = (zeros.copy() if s is None else s.copy() for s in (d_h_n, d_c_n))
    h0, c0 = (zeros if s is None else s for s in (h0, c0))
    for d in range(D):
        for n in range(N):
            dh, dc = d_h0[d, n], d_c0[d, n]
            steps = list(_steps(offsets, n, d == 1 or reverse))
            for k, t in reversed(list(enumerate(steps))):
                before = steps[k - 1] if k else None
                h_before = h0[d, n] if before is None else output[before, d]
                c_before = c0[d, n] if before is None else cells[before, d]
                i, f, g, o = gates[t, d]
                tanh_c = np.tanh(cells[t, d])
                dh = dh + d_out[t, d]
                dc = dc + dh * o * (1 - tanh_c**2)
                dz = d_gates[t, d]
                dz[0] = dc * g * i * (1 - i)
                dz[1] = dc * c_before * f * (1 - f)
                dz[2] = dc * i * (1 - g**2)
                dz[3] = dh * tanh_c * o * (1 - o)
                d_recurrent[d] += np.outer(h_before, dz)
                dh = recurrent[d] @ dz.reshape(-1)
                dc = dc * f
            d_h0[d, n], d_c0[d, n] = dh, dc
    return _flat(d_gates), d_recurrent, d_h0, d_c0


# ---- pooling and scores ---------------------------------------------------------------


def _sequences(x, offsets):
    return [x[start:end] for start, end in pairwise(offsets)]


def mean_forward(x, offsets):
    """The mean over tokens; zeros for a sequence without any, as in all pooling."""
    zero = np.zeros(x.shape[1], x.dtype)
    return np.array([s.mean(axis=0) if len(s) else zero for s in _sequences(x, offsets)])


def mean_backward(d_out, offsets):
    """Each token gets its share."""
    lengths = np.diff(offsets)
    return np.repeat(d_out / np.maximum(lengths, 1)[:, None], lengths, axis=0)


def last_forward(x, offsets):
    """The last token."""
    zero = np.zeros(x.shape[1], x.dtype)
    return np.array([s[-1] if len(s) else zero for s in _sequences(x, offsets)])


def last_backward(d_out, offsets):
    """All of it to the last token."""
    d_x = np.zeros((offsets[-1], d_out.shape[1]), d_out.dtype)
    some = np.diff(offsets) > 0
    d_x[offsets[1:][some] - 1] = d_out[some]
    return d_x


def max_forward(x, offsets):
    """The maximum over tokens, and the first token that has it (-1 if there is none)."""
    N, F = len(offsets) - 1, x.shape[1]
    out, where = np.zeros((N, F), x.dtype), np.full((N, F), -1)
    for n, s in enumerate(_sequences(x, offsets)):
        if len(s):
            where[n] = offsets[n] + s.argmax(axis=0)
            out[n] = s.max(axis=0)
    return out, where


def max_backward(d_out, where, tokens):
    """All of it to the token that had the maximum."""
    d_x = np.zeros((tokens, d_out.shape[1]), d_out.dtype)
    for n, f in np.argwhere(where >= 0):
        d_x[where[n, f], f] += d_out[n, f]
    return d_x


def softmax(x):
    """Rows to probabilities."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# ---- optimizers -----------------------------------------------------------------------


def rmsprop_dense(weight, moment, gradient, *, rate, decay, epsilon):
    """RMSprop on the whole table, in place; `rmsprop_rows` gives the same bits."""
    one = weight.dtype.type(1)
    rate, decay, epsilon = (weight.dtype.type(v) for v in (rate, decay, epsilon))
    moment[:] = moment * decay + (one - decay) * (gradient * gradient)
    weight[:] = weight - rate * gradient / np.sqrt(moment + epsilon)


def rmsprop_rows(weight, moment, seen, rows, gradient, *, step, rate, decay, epsilon):
    """Only the named rows, after the decays that each has missed."""
    for u, row in enumerate(rows):
        missed = step - seen[row] - (gradient is not None)
        for _ in range(missed):
            moment[row] *= moment.dtype.type(decay)
        if gradient is not None:
            one = slice(row, row + 1)
            rmsprop_dense(
                weight[one], moment[one], gradient[u], rate=rate, decay=decay, epsilon=epsilon
            )
        seen[row] = step


def adam_rows(
    weight, first, second, seen, rows, gradient, *, step, rate, fade, beta_1, beta_2, epsilon
):
    """Adam on the named rows, in place; with all of them it is the dense step."""
    number = weight.dtype.type
    m, v, w, g = first[rows], second[rows], weight[rows], gradient
    m = m + number(1 - beta_1) * (g - m)
    v = v + number(1 - beta_2) * (g * g - v)
    w = w - number(fade) * w
    w = w - number(rate) * m / (np.sqrt(v) + number(epsilon))
    first[rows], second[rows], weight[rows], seen[rows] = m, v, w, step


def adam_catch_up(weight, first, second, seen, rows, missed, *, step, epsilon):
    """The steps that rows missed, at once, by the factors for each row's last step."""
    one, epsilon = weight.dtype.type(1), weight.dtype.type(epsilon)
    behind = step - seen[rows]
    rows, behind = rows[behind > 0], behind[behind > 0]
    factors = missed[len(missed) - behind].T[:, :, None]
    fade, later_first, later_second, total, ratio, spread = factors
    m, v, w = first[rows], second[rows], weight[rows]
    inverse = one / (np.sqrt(v) * ratio + epsilon)
    e = epsilon * inverse
    w = w - fade * w
    w = w - total * m * inverse * (one - spread * (e - e * e))
    first[rows], second[rows], weight[rows] = m * later_first, v * later_second, w
    seen[rows] = step
