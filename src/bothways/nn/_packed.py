"""The recurrence through torch's own packed LSTM: cuDNN's path on a GPU.

torch refuses sequences without steps and wants the steps of all sequences interleaved,
longest sequence first; both are arranged here, so that the results are those of the CPU
kernels. It runs on the CPU too, which is how it is tested where there is no GPU.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor


def packed_lstm(
    x: Tensor,
    offsets: Tensor,
    kernel: Tensor,
    bias: Tensor,
    recurrent: Tensor,
    h0: Tensor | None,
    c0: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Output `(T, D * H)`, `h_n` and `c_n (D, N, H)` of `x (T, I)`.

    `kernel (I, D * 4H)`, `bias (D * 4H,)`, `recurrent (D, H, 4H)`, on the device of `x`.
    """
    (D, H, _), (N, T) = recurrent.shape, (len(offsets) - 1, len(x))
    zeros = x.new_zeros(D, N, H)
    h0, c0 = (zeros if s is None else s for s in (h0, c0))
    lengths = offsets.cpu().diff()
    if T == 0:
        return x.new_zeros(0, D * H), h0.clone(), c0.clone()

    longest_first = lengths.argsort(descending=True, stable=True)
    some = longest_first[: int((lengths > 0).sum())]
    order, batch_sizes = _interleave(offsets.cpu(), lengths, some, reverse)
    order, some = order.to(x.device), some.to(x.device)
    weights = []
    for d in range(D):
        columns = slice(d * 4 * H, (d + 1) * 4 * H)
        weights += [kernel[:, columns].t(), recurrent[d].t(), bias[columns]]
        weights += [torch.zeros_like(bias[columns])]
    weights = [w.contiguous() for w in weights]
    states = (h0[:, some].contiguous(), c0[:, some].contiguous())
    with warnings.catch_warnings():
        # The weights are ours, not torch's flat buffer; cuDNN copies them, a small cost here.
        warnings.filterwarnings("ignore", message="RNN module weights are not part of single")
        packed, h, c = torch._VF.lstm(
            x[order], batch_sizes, states, weights, True, 1, 0.0, torch.is_grad_enabled(), D == 2
        )
    output = torch.zeros_like(packed).index_put((order,), packed)
    return output, h0.index_copy(1, some, h), c0.index_copy(1, some, c)


def _interleave(offsets, lengths, some, reverse):
    """The step that each place of the packed data holds, and how many are alive at each time."""
    time = torch.arange(int(lengths[some[0]]))
    alive = time[:, None] < lengths[some][None]
    if reverse:
        step = offsets[1:][some][None] - 1 - time[:, None]
    else:
        step = offsets[:-1][some][None] + time[:, None]
    return step[alive], alive.sum(dim=1)
