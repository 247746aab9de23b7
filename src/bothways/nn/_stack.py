"""The weights and options that the recurrent layers have in common, and how they run."""

from __future__ import annotations

from typing import NamedTuple, get_args

import torch
from torch import Tensor, nn

from bothways.errors import ArgumentError
from bothways.kernels import Precision
from bothways.nn import _operator, _ops
from bothways.nn._dropout import VariationalDropout
from bothways.nn._init import new_recurrence
from bothways.nn._packed import packed_lstm


class States(NamedTuple):
    """The state after the last step that each direction of each layer read.

    `h` and `c`, `(layers * D, N, H)`: the directions of the first layer, then those of the
    next. A sequence without steps keeps its initial state.
    """

    h: Tensor
    c: Tensor


class Recurrence(nn.Module):
    """`layers` LSTMs in `D` directions, one on another (abstract).

    Parameters as `new_recurrence`; those of layer `k` from 1 on, which reads the `D * H`
    features of the layer below, are called `kernel_k`, `recurrent_kernel_k` and `bias_k`.
    """

    kernel: nn.Parameter
    recurrent_kernel: nn.Parameter
    bias: nn.Parameter

    def __init__(
        self,
        hidden_size: int,
        directions: int,
        layers: int,
        input_dropout: float,
        layer_dropout: float,
        precision: Precision,
        checkpoint: int | None,
    ) -> None:
        super().__init__()
        if not isinstance(layers, int) or layers < 1:
            raise ArgumentError(f"layers must be a whole number from 1, got {layers!r}")
        if layer_dropout and layers == 1:
            raise ArgumentError(
                f"layer_dropout acts between layers, got {layer_dropout} and a single layer"
            )
        if precision not in get_args(Precision):
            raise ArgumentError(
                f"precision must be one of {get_args(Precision)}, got {precision!r}"
            )
        if checkpoint is not None and not (isinstance(checkpoint, int) and checkpoint >= 1):
            raise ArgumentError(
                f"checkpoint must be a number of steps from 1, or None, got {checkpoint!r}"
            )
        self.hidden_size, self.directions, self.layers = hidden_size, directions, layers
        self.precision, self.checkpoint = precision, checkpoint
        self.input_dropout = VariationalDropout(input_dropout)
        self.layer_dropout = VariationalDropout(layer_dropout)

    def add_weights(self, input_size: int) -> None:
        """Draw the parameters, from the lowest layer to the highest."""
        for k in range(self.layers):
            width = self.directions * self.hidden_size if k else input_size
            drawn = new_recurrence(width, self.hidden_size, self.directions)
            for name, parameter in zip(_names(k), drawn, strict=True):
                self.register_parameter(name, parameter)

    def run(
        self,
        x: Tensor,
        offsets: Tensor,
        initial: States | None,
        *,
        rows: Tensor | None = None,
        index: Tensor | None = None,
        reverse: bool = False,
    ) -> tuple[Tensor, States]:
        """The output of the highest layer `(T, D * H)`, and the last states of all.

        Of `x`, `rows` are read, or all; token `t` is row `index[t]` of those, or row `t`.
        """
        D, found = self.directions, []
        if initial is not None:
            _check_states(initial, (self.layers * D, len(offsets) - 1, self.hidden_size))
        for k in range(self.layers):
            if k:
                x, rows, index = self.layer_dropout.drop(x, offsets), None, None
            own = initial
            if initial is not None:
                own = States(*(s[k * D : (k + 1) * D] for s in initial))
            x, states = self._run_layer(k, x, rows, index, offsets, own, reverse)
            found.append(states)
        if self.layers == 1:
            return x, found[0]
        return x, States(*map(torch.cat, zip(*found, strict=True)))

    def _run_layer(self, k, x, rows, index, offsets, initial, reverse) -> tuple[Tensor, States]:
        """One layer: on the CPU's kernels, or on another device through cuDNN."""
        kernel, recurrent, bias = (getattr(self, name) for name in _names(k))
        weights = (kernel, bias, recurrent)
        h0, c0 = (None, None) if initial is None else (s.contiguous() for s in initial)
        if _operator.on_kernels(x):
            output, h, c, _, _ = _ops.lstm(
                *(x.contiguous(), rows, index, offsets, *weights, h0, c0, reverse),
                *(self.precision, self.checkpoint),
            )
            return output, States(h, c)
        if self.precision != "f32" or self.checkpoint is not None:
            raise ArgumentError(
                "precision='bf16' and checkpoint are for the kernels on the CPU, "
                f"got a batch on {x.device}"
            )
        x = x if rows is None else nn.functional.embedding(rows, x, sparse=True)
        x = x if index is None else x[index.long()]
        output, h, c = packed_lstm(x, offsets, *weights, h0, c0, reverse)
        return output, States(h, c)

    def extra_repr(self) -> str:
        usual = {"layers": 1, "precision": "f32", "checkpoint": None}
        unusual = {k: getattr(self, k) for k, v in usual.items() if getattr(self, k) != v}
        return "".join(f", {k}={v!r}" for k, v in unusual.items())


def _names(k: int) -> tuple[str, str, str]:
    """The parameters of layer `k`; those of a single layer have no number."""
    end = f"_{k}" if k else ""
    return f"kernel{end}", f"recurrent_kernel{end}", f"bias{end}"


def _check_states(initial: States, shape: tuple[int, int, int]) -> None:
    for name, state in zip(("h0", "c0"), initial, strict=True):
        if state.shape != shape:
            raise ArgumentError(f"{name} has the shape {tuple(state.shape)} and needs {shape}")
