"""The kernels as torch operators: `*`, with gradients and fake twins.

They run on the CPU in float32, on as many threads as `use_threads` or torch says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bothways import kernels
from bothways.nn._operator import Operator, as_array, refuse_second_derivative
from bothways.nn._threads import kernel_threads


def _tensors(*arrays: np.ndarray | None, like: Tensor) -> Any:
    return tuple(like.new_empty(0) if a is None else torch.from_numpy(a) for a in arrays)


@Operator
def lstm(
    x: Tensor,
    rows: Tensor | None,
    index: Tensor | None,
    offsets: Tensor,
    kernel: Tensor,
    bias: Tensor,
    recurrent: Tensor,
    h0: Tensor | None,
    c0: Tensor | None,
    reverse: bool,
    precision: str = "f32",
    interval: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Project rows of `x`, then run the recurrence: output, h_n, c_n, trace, projected.

    `rows (U,)` of `x (V, I)` are projected, or all; token `t` reads the projected row
    `index[t]`, or `t`. The gradient of `x` is row-sparse where `rows` are given. With an
    `interval` the trace is one of checkpoints.
    """
    options: Any = {"threads": kernel_threads(), "precision": precision}
    projected = kernels.project(
        as_array(x), as_array(kernel), as_array(bias), rows=as_array(rows), **options
    )
    states = kernels.lstm_forward(
        projected,
        as_array(offsets),
        as_array(recurrent),
        index=as_array(index),
        h0=as_array(h0),
        c0=as_array(c0),
        reverse=reverse,
        interval=interval,
        **options,
    )
    return _tensors(*states[:4], projected, like=x)


@lstm.register_fake
def _(
    x, rows, index, offsets, kernel, bias, recurrent, h0, c0,
    reverse, precision="f32", interval=None,
):  # fmt: skip
    D, H, _ = recurrent.shape
    N, U = offsets.shape[0] - 1, (x if rows is None else rows).shape[0]
    T = U if index is None else index.shape[0]
    kept: tuple[Any, ...] = (D, T, 6 * H)
    if interval is not None:  # how many there are depends on the lengths of the sequences
        kept = (D, torch.library.get_ctx().new_dynamic_size(), 2 * H)
    shapes = [(T, D * H), (D, N, H), (D, N, H), kept, (U, D * 4 * H)]
    return tuple(x.new_empty(shape) for shape in shapes)


@Operator
def lstm_backward(
    d_output: Tensor | None,
    d_h_n: Tensor | None,
    d_c_n: Tensor | None,
    x: Tensor,
    rows: Tensor | None,
    index: Tensor | None,
    offsets: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    h0: Tensor | None,
    c0: Tensor | None,
    states: list[Tensor],
    reverse: bool,
    need_x: bool,
    need_initial: bool,
    precision: str = "f32",
    interval: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the rows of `x` that were read, kernel, bias, recurrent, h0 and c0."""
    options: Any = {"threads": kernel_threads(), "precision": precision}
    d_projected, d_recurrent, d_h0, d_c0 = kernels.lstm_backward(
        kernels.LstmStates(*(as_array(s) for s in states[:4])),
        as_array(states[4]),
        as_array(offsets),
        as_array(recurrent),
        d_output=as_array(d_output),
        d_h_n=as_array(d_h_n),
        d_c_n=as_array(d_c_n),
        h0=as_array(h0),
        c0=as_array(c0),
        reverse=reverse,
        initial=need_initial,
        index=as_array(index),
        interval=interval,
        **options,
    )
    d_kernel, d_bias = kernels.project_backward_kernel(
        as_array(x), d_projected, rows=as_array(rows), **options
    )
    d_x = None
    if need_x:
        d_x = kernels.project_backward_input(d_projected, as_array(kernel), **options)
    return _tensors(d_x, d_kernel, d_bias, d_recurrent, d_h0, d_c0, like=x)


@lstm_backward.register_fake
def _(
    d_output, d_h_n, d_c_n, x, rows, index, offsets, kernel, recurrent, h0, c0,
    states, reverse, need_x, need_initial, precision="f32", interval=None,
):  # fmt: skip
    x_shape = ((x if rows is None else rows).shape[0], x.shape[1]) if need_x else (0,)
    state_shape = states[1].shape if need_initial else (0,)
    shapes = (x_shape, kernel.shape, kernel.shape[1:], recurrent.shape, state_shape, state_shape)
    return tuple(x.new_empty(shape) for shape in shapes)


lstm_backward.register_autograd(refuse_second_derivative)


def _save(ctx, inputs, output):
    *tensors, ctx.reverse, ctx.precision, ctx.interval = inputs
    ctx.set_materialize_grads(False)
    ctx.mark_non_differentiable(output[3], output[4])
    ctx.save_for_backward(*tensors, *output)


def _gradients(ctx, d_output, d_h_n, d_c_n, *_):
    x, rows, index, offsets, kernel, _bias, recurrent, h0, c0, *states = ctx.saved_tensors
    need_x, need_initial = ctx.needs_input_grad[0], any(ctx.needs_input_grad[7:9])
    d_x, d_kernel, d_bias, d_recurrent, d_h0, d_c0 = lstm_backward(
        *(None if d is None else d.contiguous() for d in (d_output, d_h_n, d_c_n)),
        *(x, rows, index, offsets, kernel, recurrent, h0, c0, states),
        *(ctx.reverse, need_x, need_initial, ctx.precision, ctx.interval),
    )
    if need_x and rows is not None:
        d_x = torch.sparse_coo_tensor(
            rows.long()[None], d_x, x.shape, is_coalesced=True, check_invariants=False
        )
    return (
        d_x if need_x else None,
        *(None, None, None),
        *(d_kernel, d_bias, d_recurrent),
        *((d_h0, d_c0) if need_initial else (None, None)),
        *(None, None, None),
    )


lstm.register_autograd(_gradients, setup_context=_save)
