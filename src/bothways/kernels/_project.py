"""From tokens to the input half of the gates: each distinct token once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.kernels import _kernels
from bothways.kernels._border import empty, floats, ids32, maybe_floats, native, offsets64
from bothways.kernels._isa import Precision, default_threads, precision_code

Floats = NDArray[np.float32]


class Unique(NamedTuple):
    """The distinct ids of a batch of `T` tokens.

    `distinct`, `(U,)` int32, ascending; `inverse`, `(T,)` int32, the place of each token's id
    in it; `order`, `(T,)` int32, the tokens of each distinct id one after another, those of
    id `u` from `starts[u]` to `starts[u + 1] - 1`; `starts`, `(U + 1,)` int64.
    """

    distinct: NDArray[np.int32]
    inverse: NDArray[np.int32]
    order: NDArray[np.int32]
    starts: NDArray[np.int64]


def unique(ids: ArrayLike, vocabulary_size: int) -> Unique:
    """The distinct `ids`, `(T,)`, in time linear in `T + V`.

    Raises `ArgumentError` if an id is not in 0 ... V - 1.
    """
    ids = ids32(ids, "ids")
    T = len(ids)
    distinct, inverse, order = (np.empty(T, np.int32) for _ in range(3))
    starts = np.empty(T + 1, np.int64)
    U = native(_kernels.unique, ids, vocabulary_size, distinct, inverse, order, starts)
    return Unique(distinct[:U], inverse, order, starts[: U + 1])


def gather(table: ArrayLike, ids: ArrayLike, *, threads: int | None = None) -> Floats:
    """Rows `ids`, `(T,)`, of `table`, `(V, I)` float32: the embedding lookup, `(T, I)`."""
    table, ids = floats(table, "table", 2), ids32(ids, "ids")
    out = empty(len(ids), table.shape[1])
    native(_kernels.gather, table, ids, out, threads or default_threads())
    return out


def sum_by_token(x: ArrayLike, tokens: Unique, *, threads: int | None = None) -> Floats:
    """The sum of the rows of `x`, `(T, G)` float32, of each distinct token: `(U, G)`.

    This is the gradient of `projected[inverse]` with respect to `projected`.
    """
    x = floats(x, "x", 2)
    out = empty(len(tokens.distinct), x.shape[1])
    order, starts = ids32(tokens.order, "order"), offsets64(tokens.starts)
    native(_kernels.sum_by_token, x, order, starts, out, threads or default_threads())
    return out


def project(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    rows: ArrayLike | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> Floats:
    """`x[rows] @ kernel + bias`, `(M, G)`; a row's bits do not depend on the others.

    `x (V, I)`, `kernel (I, G)`, `bias (G,)` float32; `rows (M,)`, or None for all of `x`.
    With `precision="bf16"` the two factors are rounded to bfloat16.
    """
    x, kernel, bias = floats(x, "x", 2), floats(kernel, "kernel", 2), maybe_floats(bias, "bias", 1)
    rows = None if rows is None else ids32(rows, "rows")
    out = empty(len(x if rows is None else rows), kernel.shape[1])
    code = precision_code(precision)
    native(_kernels.project, x, rows, kernel, bias, code, out, threads or default_threads())
    return out


def project_backward_input(
    d_out: ArrayLike,
    kernel: ArrayLike,
    *,
    precision: Precision = "f32",
    threads: int | None = None,
) -> Floats:
    """The gradient of the rows that `project` read, `(M, I)`, from `d_out`, `(M, G)`."""
    d_out, kernel = floats(d_out, "d_out", 2), floats(kernel, "kernel", 2)
    d_x = empty(len(d_out), len(kernel))
    code = precision_code(precision)
    native(_kernels.project_backward_input, d_out, kernel, code, d_x, threads or default_threads())
    return d_x


def project_backward_kernel(
    x: ArrayLike,
    d_out: ArrayLike,
    *,
    rows: ArrayLike | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
) -> tuple[Floats, Floats]:
    """The gradients of `kernel`, `(I, G)`, and `bias`, `(G,)`, of `project`."""
    x, d_out = floats(x, "x", 2), floats(d_out, "d_out", 2)
    rows = None if rows is None else ids32(rows, "rows")
    d_kernel = empty(x.shape[1], d_out.shape[1])
    d_bias = empty(d_out.shape[1])
    native(
        _kernels.project_backward_kernel,
        *(x, rows, d_out, precision_code(precision), d_kernel, d_bias),
        threads or default_threads(),
    )
    return d_kernel, d_bias
