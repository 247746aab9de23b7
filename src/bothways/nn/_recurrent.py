"""LSTM layers over ragged batches."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from bothways.errors import ArgumentError
from bothways.nn import _ops
from bothways.nn._init import new_recurrence
from bothways.nn._packed import packed_lstm
from bothways.nn._ragged import RaggedTensor, as_ragged

Merge = Literal["concat", "sum", "mul", "ave"]


class States(NamedTuple):
    """The state after the last step that each direction read.

    `h` and `c`, `(D, N, H)`; a sequence without steps keeps its initial state.
    """

    h: Tensor
    c: Tensor


def check_merge(merge: str | None) -> str | None:
    """`merge`, or `ArgumentError` if it is none of the merges."""
    if merge is not None and merge not in get_args(Merge):
        raise ArgumentError(f"merge must be one of {get_args(Merge)} or None, got {merge!r}")
    return merge


def merge_directions(both: Tensor, merge: str | None) -> Any:
    """Join what two directions know, side by side in `(..., 2H)`.

    Gives `(..., 2H)` for concat, otherwise `(..., H)`, and with None a pair of these.
    """
    if merge == "concat":
        return both
    forward, backward = both.chunk(2, dim=-1)
    if merge == "sum":
        return forward + backward
    if merge == "mul":
        return forward * backward
    if merge == "ave":
        return (forward + backward) / 2
    return forward, backward


def run_recurrence(
    layer: Any,
    x: Tensor,
    offsets: Tensor,
    initial: States | None,
    *,
    rows: Tensor | None = None,
    index: Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensor, States]:
    """Run `layer`'s weights over `x`: the CPU kernels, or cuDNN on a GPU.

    `rows` of `x` are read, or all; token `t` is row `index[t]` of those, or row `t`. Returns
    the output `(T, D * H)` and the last states.
    """
    weights = (layer.kernel, layer.bias, layer.recurrent_kernel)
    h0, c0 = (None, None) if initial is None else (s.contiguous() for s in initial)
    if _ops.on_kernels(x):
        output, h, c, _, _ = torch.ops.bothways.lstm(
            x.contiguous(), rows, index, offsets, *weights, h0, c0, reverse
        )
        return output, States(h, c)
    x = x if rows is None else nn.functional.embedding(rows, x, sparse=True)
    x = x if index is None else x[index.long()]
    output, h, c = packed_lstm(x, offsets, *weights, h0, c0, reverse)
    return output, States(h, c)


class LSTM(nn.Module):
    """One LSTM that reads from the front, or from the back with `reverse`.

    Parameters, in Keras's layout with gates in the order i, f, g, o: `kernel (I, 4H)`,
    `recurrent_kernel (1, H, 4H)`, `bias (4H,)`; initialised as Keras does.

    `layer(x)` takes a `RaggedTensor` of values `(T, I)`, or a padded tensor `(N, L, I)` with
    any boolean mask `(N, L)`, true at the steps that count. It gives the output in the same
    form, `(T, H)` or `(N, L, H)` with zeros at masked steps, and the last `States (1, N, H)`.
    Masked steps are not computed, and nothing in them can reach a result or a gradient.
    """

    def __init__(self, input_size: int, hidden_size: int, *, reverse: bool = False) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.reverse = input_size, hidden_size, reverse
        self.kernel, self.recurrent_kernel, self.bias = new_recurrence(input_size, hidden_size, 1)

    def forward(
        self, x: RaggedTensor | Tensor, mask: Tensor | None = None, initial: States | None = None
    ) -> tuple[RaggedTensor | Tensor, States]:
        ragged, restore = as_ragged(x, mask)
        output, states = run_recurrence(
            self, ragged.values, ragged.offsets, initial, reverse=self.reverse
        )
        return restore(output), states

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, reverse={self.reverse}"


class Bidirectional(nn.Module):
    """Two LSTMs, one from the front and one from the back, whose states are merged.

    Parameters as `LSTM`, the backward direction after the forward one: `kernel (I, 8H)`,
    `recurrent_kernel (2, H, 4H)`, `bias (8H,)`. `merge` is `"concat"`, `"sum"`, `"mul"`,
    `"ave"`, or None, which gives pairs (forward, backward) instead. Input and output as
    `LSTM`, with `F = 2H` output features for concat and `H` otherwise; `last(states)` merges
    the last states. (Graves & Schmidhuber 2005; Schuster & Paliwal 1997.)

    It needs the whole sequence: a task that owes an answer after every input cannot use it.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, merge: Merge | None = "concat"
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.merge = check_merge(merge)
        self.kernel, self.recurrent_kernel, self.bias = new_recurrence(input_size, hidden_size, 2)

    def forward(
        self, x: RaggedTensor | Tensor, mask: Tensor | None = None, initial: States | None = None
    ) -> tuple[Any, States]:
        ragged, restore = as_ragged(x, mask)
        output, states = run_recurrence(self, ragged.values, ragged.offsets, initial)
        return _each(merge_directions(output, self.merge), restore), states

    def last(self, states: States) -> Any:
        """The last state of each direction, merged: `(N, F)`."""
        return merge_directions(torch.cat([states.h[0], states.h[1]], dim=-1), self.merge)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, merge={self.merge!r}"


def _each(value, function):
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)
