"""The recurrence through torch's own packed LSTM: cuDNN's path on a GPU.

torch refuses sequences without steps and wants the steps of all sequences interleaved,
longest sequence first; both are arranged here, so that the results are those of the CPU
kernels. It runs on the CPU too, which is how it is tested where there is no GPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from bothways._ragged import check_offsets
from bothways.nn import _rows

Run = Callable[[PackedSequence, tuple[Tensor, Tensor]], tuple[Tensor, tuple[Tensor, Tensor]]]


def run_packed(
    run: Run, x: Tensor, offsets: Tensor, h0: Tensor, c0: Tensor, width: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Output `(T, width)` and last states of `x (T, I)`, by `run` over a packed batch.

    `run(packed, (h0, c0))` gives what each packed step puts out, `(T, width)`, and the last
    states. `h0` and `c0`, `(..., N, H)`, stay what they are for a sequence without steps.
    """
    offsets = torch.from_numpy(check_offsets(offsets.cpu().numpy(), len(x)))
    if not len(x):
        return x.new_zeros(0, width), h0.clone(), c0.clone()
    rows, batch_sizes, some = _interleave(offsets)
    rows, some = rows.to(x.device), some.to(x.device)
    packed = PackedSequence(_rows.take(x, rows), batch_sizes)
    steps, (h, c) = run(packed, (h0.index_select(1, some), c0.index_select(1, some)))
    output = _rows.put(steps, rows, len(x))
    return output, h0.to(h).index_copy(1, some, h), c0.to(c).index_copy(1, some, c)


def packed_lstm(
    x: Tensor,
    offsets: Tensor,
    kernel: Tensor,
    bias: Tensor,
    recurrent: Tensor,
    h0: Tensor | None,
    c0: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Output `(T, D * H)`, `h_n` and `c_n (D, N, H)` of `x (T, I)`.

    `kernel (I, D * 4H)`, `bias (D * 4H,)`, `recurrent (D, H, 4H)`, on the device of `x`.
    """
    D, H, _ = recurrent.shape
    zeros = x.new_zeros(D, offsets.shape[0] - 1, H)
    weights = []
    for d in range(D):
        columns = slice(d * 4 * H, (d + 1) * 4 * H)
        weights += [kernel[:, columns].t(), recurrent[d].t(), bias[columns]]
        weights += [torch.zeros_like(bias[columns])]
    weights = [w.contiguous() for w in weights]

    def run(packed, states):
        with warnings.catch_warnings():
            # The weights are ours, not torch's flat buffer; cuDNN copies them, a small cost here.
            warnings.filterwarnings("ignore", message="RNN module weights are not part of single")
            train = torch.is_grad_enabled()
            output, h, c = torch._VF.lstm(
                packed.data,
                packed.batch_sizes,
                states,
                weights,
                True,
                1,
                0.0,
                train,
                D == 2,
            )
        return output, (h, c)

    h0, c0 = (zeros if s is None else s for s in (h0, c0))
    return run_packed(run, x, offsets, h0, c0, D * H)


def _interleave(offsets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The step at each place of the packed data `(T,)`; how many are alive at each time; and the
    sequences that have steps, longest first."""
    lengths = offsets.diff()
    longest_first = lengths.argsort(descending=True, stable=True)
    some = longest_first[: int((lengths > 0).sum())]
    time = torch.arange(int(lengths[some[0]]))
    alive = time[:, None] < lengths[some][None]
    steps = offsets[:-1][some][None] + time[:, None]
    return steps[alive], alive.sum(dim=1), some
