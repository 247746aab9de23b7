"""Pooling over the steps of each sequence; one without steps pools to zeros."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.nn import _operator
from bothways.nn._operator import Operator, as_array, refuse_second_derivative
from bothways.nn._ragged import RaggedTensor, as_ragged

Pooling = Literal["last", "mean", "max"]


@Operator
def pool(x: Tensor, offsets: Tensor, how: str) -> tuple[Tensor, Tensor]:
    """`x (T, F)` to `(N, F)`, and for `max` the step that each value came from."""
    steps, ends = as_array(x), as_array(offsets)
    if how == "max":
        out, where = kernels.max_forward(steps, ends)
        return torch.from_numpy(out), torch.from_numpy(where)
    forward = kernels.mean_forward if how == "mean" else kernels.last_forward
    out = forward(steps, ends)
    return torch.from_numpy(out), offsets.new_empty(0)


@pool.register_fake
def _(x, offsets, how):
    out = x.new_empty(offsets.shape[0] - 1, x.shape[1])
    where = out.shape if how == "max" else (0,)
    return out, offsets.new_empty(where)


@Operator
def pool_backward(d_out: Tensor, offsets: Tensor, where: Tensor, steps: int, how: str) -> Tensor:
    """The gradient of `x (T, F)`."""
    d = as_array(d_out)
    if how == "max":
        return torch.from_numpy(kernels.max_backward(d, where.numpy(), steps))
    backward = kernels.mean_backward if how == "mean" else kernels.last_backward
    return torch.from_numpy(backward(d, offsets.numpy()))


@pool_backward.register_fake
def _(d_out, offsets, where, steps, how):
    return d_out.new_empty(steps, d_out.shape[1])


pool_backward.register_autograd(refuse_second_derivative)


def _save(ctx, inputs, output):
    x, offsets, ctx.how = inputs
    ctx.steps = x.shape[0]
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(offsets, output[1])


def _gradient(ctx, d_out, _):
    arguments = (d_out.contiguous(), *ctx.saved_tensors, ctx.steps, ctx.how)
    return pool_backward(*arguments), None, None


pool.register_autograd(_gradient, setup_context=_save)


def _pool_with_torch(x: Tensor, offsets: Tensor, how: str) -> Tensor:
    """The same with torch's own operations, for other devices."""
    offsets = offsets.to(x.device)
    N, T = len(offsets) - 1, len(x)
    lengths = offsets.diff()
    sequence = torch.repeat_interleave(torch.arange(N, device=x.device), lengths)
    out = x.new_zeros(N, x.shape[1])
    some = lengths > 0
    if how == "mean":
        return out.index_add(0, sequence, x) / lengths.clamp(min=1)[:, None]
    if how == "last":
        return out.index_put((some.nonzero()[:, 0],), x[offsets[1:][some] - 1])
    at = sequence[:, None].expand_as(x)
    largest = out.scatter_reduce(0, at, x.detach(), "amax", include_self=False)
    here = (x.detach() == largest[sequence]) | x.detach().isnan()
    step = torch.arange(T, device=x.device)[:, None].expand_as(x).where(here, T)
    first = torch.full((N, x.shape[1]), T, device=x.device).scatter_reduce(0, at, step, "amin")
    return out.index_put((some.nonzero()[:, 0],), x.gather(0, first[some]))


class Pool(nn.Module):
    """One vector from the steps of each sequence: their `"last"`, `"mean"` or `"max"`.

    Takes a `RaggedTensor` of values `(T, F)`, or a padded tensor `(N, L, F)` with a boolean
    mask `(N, L)`; gives `(N, F)`. For the last state of each *direction* use the state that
    `Bidirectional` gives, not the output at the last step. Raises `ArgumentError` for
    another `how`.
    """

    def __init__(self, how: Pooling) -> None:
        super().__init__()
        if how not in get_args(Pooling):
            raise ArgumentError(f"pooling must be one of {get_args(Pooling)}, got {how!r}")
        self.how = how

    def forward(self, x: RaggedTensor | Tensor, mask: Tensor | None = None) -> Tensor:
        ragged, _ = as_ragged(x, mask)
        if _operator.on_kernels(ragged.values):
            return pool(ragged.values, ragged.offsets, self.how)[0]
        return _pool_with_torch(ragged.values, ragged.offsets, self.how)

    def extra_repr(self) -> str:
        return self.how
