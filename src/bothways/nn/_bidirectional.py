"""Two directions over ragged batches, with weights as Keras has them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from bothways.kernels import Precision
from bothways.nn._merge import Merge, check_merge, each, last_states, merge_directions
from bothways.nn._ragged import RaggedTensor, as_ragged
from bothways.nn._recurrence import Recurrence
from bothways.nn._stack import States


class Bidirectional(Recurrence):
    """Two LSTMs, one from the front and one from the back, whose states are merged.

    Parameters, in Keras's layout with gates in the order i, f, g, o and the backward direction
    after the forward one: `kernel (I, 8H)`, `recurrent_kernel (2, H, 4H)`, `bias (8H,)`;
    initialised as Keras does. `merge` is `"concat"`, `"sum"`, `"mul"`, `"ave"`, or None, which
    gives pairs (forward, backward) instead. (Graves & Schmidhuber 2005; Schuster & Paliwal
    1997.)

    `layer(x)` takes a `RaggedTensor` of values `(T, I)`, or a padded tensor `(N, L, I)` with
    any boolean mask `(N, L)`, true at the steps that count. It gives the output in the same
    form, `(T, F)` or `(N, L, F)` with zeros at masked steps, `F = 2H` for concat and `H`
    otherwise, and the last `States (2, N, H)`; `last(states)` merges these. Masked steps are
    not computed, and nothing in them can reach a result or a gradient.

    `layers`: that many, one on another, each reading both directions of the one below side by
    side; only the highest is merged. Layer `k` from 1 on has the parameters `kernel_k`,
    `recurrent_kernel_k` and `bias_k`; states are `(layers * 2, N, H)`, the lowest layer first
    and in each the forward direction first, as torch's.

    `input_dropout` and `layer_dropout` zero features of the input and of what passes from
    layer to layer, in training, the same ones at every step of a sequence: see
    `VariationalDropout`. The recurrent connections are left whole.

    `precision`: with `"bf16"` the products round their factors to bfloat16 and sum in float32.
    `checkpoint`: keep for the gradient only every so many steps, and compute the others again,
    for less memory; the gradients are equal. Both are for the CPU.

    It needs the whole sequence: a task that owes an answer after every input cannot use it.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        merge: Merge | None = "concat",
        layers: int = 1,
        input_dropout: float = 0.0,
        layer_dropout: float = 0.0,
        precision: Precision = "f32",
        checkpoint: int | None = None,
    ) -> None:
        options = (layers, input_dropout, layer_dropout, precision, checkpoint)
        super().__init__(hidden_size, 2, *options)
        self.input_size, self.merge = input_size, check_merge(merge)
        self.add_weights(input_size)

    def forward(
        self, x: RaggedTensor | Tensor, mask: Tensor | None = None, initial: States | None = None
    ) -> tuple[Any, States]:
        ragged, restore = as_ragged(x, mask)
        values = self.input_dropout.drop(*ragged)
        output, states = self.run(values, ragged.offsets, initial)
        return each(merge_directions(output, self.merge), restore), states

    def last(self, states: States) -> Any:
        """The last state of each direction of the highest layer, merged: `(N, F)`."""
        return last_states(states.h, self.merge)

    def extra_repr(self) -> str:
        own = f"{self.input_size}, {self.hidden_size}, merge={self.merge!r}"
        return own + super().extra_repr()
