"""The kernels under Keras's torch backend."""

from __future__ import annotations

import torch
from torch import Tensor

from bothways.nn import lstm


def run(
    x: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    recurrent: Tensor,
    h0: Tensor,
    c0: Tensor,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Tensor | None, Tensor, Tensor]:
    """Output `(N, L, D * H)`, if `sequences`, with zeros at masked steps, `h_n` and `c_n`.

    `x (N, L, I)`; `mask (N, L)` bool, or None if every step counts; `kernel (I, D * 4H)`,
    `bias (D * 4H,)`, `recurrent (D, H, 4H)`; `h0`, `c0`, `h_n` and `c_n (D, N, H)`. What stands
    at masked steps is not read.
    """
    N, L, I = x.shape  # noqa: E741
    steps, offsets = x.reshape(N * L, I), torch.arange(N + 1) * L
    if mask is not None:
        rows = mask.reshape(N * L).nonzero()[:, 0]
        steps = steps.index_select(0, rows)
        offsets = torch.cat([offsets[:1], mask.sum(dim=1).cumsum(dim=0)])
    # Where no gradient is wanted nothing is kept for it: no sequence has a step after the L-th.
    wanted = torch.is_grad_enabled() or torch.compiler.is_compiling()
    interval = None if wanted else max(L, 1)
    output, h, c, _, _ = lstm(
        *(steps.contiguous(), None, None, offsets),
        *(kernel, bias, recurrent, h0, c0, reverse, "f32", interval),
    )
    if not sequences:
        return None, h, c
    if mask is not None:
        output = output.new_zeros(N * L, output.shape[1]).index_copy(0, rows, output)
    return output.reshape(N, L, output.shape[1]), h, c


def before_first(h0: Tensor) -> Tensor:
    """What Keras puts out before the first step that counts: zeros, `(N, H)`."""
    return torch.zeros_like(h0)


def hold(output: Tensor, mask: Tensor, first: Tensor) -> Tensor:
    """`output (N, L, H)` with the last one that counted at masked steps; `first (N, H)` before."""
    L, H = output.shape[1:]
    place = (torch.arange(1, L + 1) * mask).cummax(dim=1).values
    known = torch.cat([first[:, None], output], dim=1)
    return known.gather(1, place[:, :, None].expand(-1, -1, H))
