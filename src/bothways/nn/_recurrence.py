"""The weights and options that the recurrent layers in Keras's layout have in common."""

from __future__ import annotations

from typing import get_args

from torch import Tensor, nn

from bothways.errors import ArgumentError
from bothways.kernels import Precision
from bothways.nn._dropout import VariationalDropout
from bothways.nn._init import new_recurrence
from bothways.nn._ragged import RaggedTensor
from bothways.nn._stack import Engine, States, Weights, run_stack


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
    ) -> tuple[Tensor, States]:
        """As `run_stack`."""
        return run_stack(
            RaggedTensor(x, offsets),
            [Weights(*(getattr(self, name) for name in _names(k))) for k in range(self.layers)],
            initial,
            lambda values: self.layer_dropout.drop(values, offsets),
            Engine(self.precision, self.checkpoint),
            rows=rows,
            index=index,
        )

    def extra_repr(self) -> str:
        usual = {"layers": 1, "precision": "f32", "checkpoint": None}
        unusual = {k: getattr(self, k) for k, v in usual.items() if getattr(self, k) != v}
        return "".join(f", {k}={v!r}" for k, v in unusual.items())


def _names(k: int) -> tuple[str, str, str]:
    """The parameters of layer `k`; those of a single layer have no number."""
    end = f"_{k}" if k else ""
    return f"kernel{end}", f"recurrent_kernel{end}", f"bias{end}"
