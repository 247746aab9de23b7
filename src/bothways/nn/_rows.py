"""Rows taken out of a batch and put back: each is the other's gradient.

torch's own indexing forgets that no row is named twice: its gradients add where a copy would do.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bothways.nn import _operator
from bothways.nn._operator import Operator


@Operator
def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Rows `rows (T,)` int64 of `x (M, ...)`, each named once at most: `(T, ...)`."""
    return torch.from_numpy(_array(x).take(rows.numpy(), axis=0))


@take_rows.register_fake
def _(x, rows):
    return x.new_empty(rows.shape[0], *x.shape[1:])


@Operator
def put_rows(x: Tensor, rows: Tensor, count: int) -> Tensor:
    """`x (T, ...)` at `rows (T,)`, each named once at most, of `(count, ...)`; zeros elsewhere."""
    values = _array(x)
    out = np.zeros((count, *x.shape[1:]), values.dtype)
    out[rows.numpy()] = values
    return torch.from_numpy(out)


@put_rows.register_fake
def _(x, rows, count):
    return x.new_empty(count, *x.shape[1:])


def _save_taken(ctx, inputs, output):
    x, rows = inputs
    ctx.count = x.shape[0]
    ctx.save_for_backward(rows)


def _taken(ctx, d_out):
    return put_rows(d_out, *ctx.saved_tensors, ctx.count), None


def _save_put(ctx, inputs, output):
    _, rows, _ = inputs
    ctx.save_for_backward(rows)


def _put(ctx, d_out):
    return take_rows(d_out, *ctx.saved_tensors), None, None


take_rows.register_autograd(_taken, setup_context=_save_taken)
put_rows.register_autograd(_put, setup_context=_save_put)


def take(x: Tensor, rows: Tensor) -> Tensor:
    """As `take_rows`, on any device and of any dtype."""
    return take_rows(x, rows) if _with_numpy(x) else x.index_select(0, rows.to(x.device))


def put(x: Tensor, rows: Tensor, count: int) -> Tensor:
    """As `put_rows`, on any device and of any dtype."""
    if _with_numpy(x):
        return put_rows(x, rows, count)
    return x.new_zeros(count, *x.shape[1:]).index_copy(0, rows.to(x.device), x)


def _with_numpy(x: Tensor) -> bool:
    return _operator.on_kernels(x) and x.dtype != torch.bfloat16


def _array(x: Tensor) -> np.ndarray:
    return (x.detach() if x.requires_grad else x).numpy()
