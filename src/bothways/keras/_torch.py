"""The kernels under Keras's torch backend."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from bothways.nn import as_ragged, lstm


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
    ragged, restore = as_ragged(x, mask)
    # Where no gradient is wanted nothing is kept for it: no sequence has a step after the L-th.
    wanted = torch.is_grad_enabled() or torch.compiler.is_compiling()
    interval = None if wanted else max(x.shape[1], 1)
    output, h, c, _, _ = lstm(
        *(ragged.values.contiguous(), None, None, ragged.offsets),
        *(kernel, bias, recurrent, h0, c0, reverse, "f32", interval),
    )
    padded: Any = restore(output) if sequences else None
    return padded, h, c


def before_first(h0: Tensor) -> Tensor:
    """What Keras puts out before the first step that counts: zeros, `(N, H)`."""
    return torch.zeros_like(h0)


def hold(output: Tensor, mask: Tensor, first: Tensor) -> Tensor:
    """`output (N, L, H)` with the last one that counted at masked steps; `first (N, H)` before."""
    L, H = output.shape[1:]
    place = (torch.arange(1, L + 1) * mask).cummax(dim=1).values
    known = torch.cat([first[:, None], output], dim=1)
    return known.gather(1, place[:, :, None].expand(-1, -1, H))
