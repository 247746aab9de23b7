"""What stands where torch.nn.LSTM stood."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bothways.nn import _operator
from bothways.nn._checks import autocast_dtype, check_given, checked_states
from bothways.nn._forms import Form, as_form
from bothways.nn._packed import run_packed
from bothways.nn._ragged import RaggedTensor
from bothways.nn._stack import Engine, States, Weights, run_stack

_log = logging.getLogger("bothways")
_told: set[str] = set()


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` on Bothways' kernels: a subclass, with its constructor, parameters, state
    dict and initialisation, whose results are the same and do not depend on the batch.

    `lstm(input, hx=None)` as torch's: a tensor `(L, N, I)`, or `(N, L, I)` with `batch_first`,
    `(L, I)` for one sequence, or a `PackedSequence`; output and `(h_n, c_n)` come in torch's
    forms. Beyond it: a `RaggedTensor` of values `(T, I)`, a jagged nested tensor `(N, *, I)`,
    and, beside a padded tensor, `mask`, bool of the shape of its batch and time, true at the
    steps that count, in any pattern; or `lengths (N,)`, zeros among them. Output has zeros at
    masked steps; what stands there is never read. A sequence without steps keeps its initial
    state.

    The kernels compute in float32 on the CPU. Under autocast to bfloat16 their products round
    their factors to it, as with `precision="bf16"`, and a padded output is bfloat16, as torch's
    is. Their gradients have no gradients of their own, and no derivatives go forward. On a GPU
    torch's own LSTM computes, in all of these forms, and so it does on the CPU, with a warning
    once, for weights of another dtype and for a `proj_size`.

    Raises `TensorError`, a `ValueError` and a `RuntimeError`, for a batch or states of a wrong
    shape, dtype or device, before they are read.
    """

    def forward(
        self,
        input: Any,
        hx: tuple[Tensor, Tensor] | None = None,
        *,
        mask: Tensor | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        form = as_form(input, self.batch_first, mask, lengths)
        given, weights = form.given, self.all_weights
        cast = autocast_dtype(given.device)
        check_given(given, weights, self.input_size, cast)
        states = None
        if hx is not None:
            states = checked_states(form, hx, self._state_shapes(form.count), cast)
        reason = self._torchs_way(given, weights[0][0].dtype)
        if reason is None:
            output, h, c = self._on_kernels(form, states, weights, cast)
            if cast is not None:  # as torch's: padded comes in the cast's type, packed in its own
                padded = isinstance(input, Tensor) and not input.is_nested
                output, h, c = (t.to(cast if padded else given.dtype) for t in (output, h, c))
        else:
            _tell(reason, slow=_operator.on_kernels(given))
            if form.is_torchs:
                return super().forward(input, hx)
            output, h, c = self._packed(form, states)
        if not form.batched:
            h, c = h[:, 0], c[:, 0]
        return form.restore(output), (h, c)

    def _torchs_way(self, given: Tensor, dtype: torch.dtype) -> str | None:
        """Why torch's own LSTM computes; None if the kernels do."""
        if not _operator.on_kernels(given):
            return f"the batch is on {given.device}"
        if self.proj_size:
            return f"proj_size is {self.proj_size}, which the kernels do not know"
        if dtype != torch.float32:
            return f"the weights are {dtype}, the kernels compute in float32"
        return None

    def _on_kernels(
        self,
        form: Form,
        states: States | None,
        weights: list[list[nn.Parameter]],
        cast: torch.dtype | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch = RaggedTensor(form.steps(), form.offsets)
        if cast is not None:
            batch = batch.with_values(batch.values.float())
            states = None if states is None else States(*(s.float() for s in states))
        D = 2 if self.bidirectional else 1
        layers = [_weights(weights[k : k + D]) for k in range(0, len(weights), D)]
        engine = Engine("bf16" if cast == torch.bfloat16 else "f32")

        def drop(x: Tensor) -> Tensor:
            if not (self.training and self.dropout):
                return x
            # Drawn in torch's order: with one seed it is the same features that both drop.
            return x * form.arrange(nn.functional.dropout(torch.ones_like(x), self.dropout))

        output, (h, c) = run_stack(batch, layers, states, drop, engine)
        return output, h, c

    def _packed(self, form: Form, states: States | None) -> tuple[Tensor, Tensor, Tensor]:
        """Through torch's own LSTM, in a form that it takes."""
        shapes = self._state_shapes(form.count)
        h0, c0 = (form.given.new_zeros(s) for s in shapes) if states is None else states

        def run(packed, states):
            output, last = super(LSTM, self).forward(packed, states)
            return output.data, last

        D = 2 if self.bidirectional else 1
        return run_packed(run, form.steps(), form.offsets, h0, c0, D * shapes[0][2])

    def _state_shapes(self, N: int) -> list[tuple[int, int, int]]:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        return [(rows, N, self.proj_size or self.hidden_size), (rows, N, self.hidden_size)]


def _weights(directions: Sequence[Sequence[Tensor]]) -> Weights:
    """Those of one layer, `weight_ih (4H, I)`, `weight_hh (4H, H)` and perhaps two biases
    `(4H,)` a direction, as the kernels read them."""
    ih, hh, *biases = zip(*directions, strict=True)
    kernel = torch.cat(ih).t().contiguous()
    bias = kernel.new_zeros(kernel.shape[1])
    for each in biases:
        bias = bias + torch.cat(each)
    # Contiguous first: torch copies a whole transposed matrix in blocks, into a part bit by bit.
    turned = [w.t().contiguous() for w in hh]
    recurrent = turned[0][None] if len(turned) == 1 else torch.stack(turned)
    return Weights(kernel, recurrent, bias)


def _tell(reason: str, *, slow: bool) -> None:
    """Say once for each `reason` that torch's own LSTM computes."""
    if reason in _told:
        return
    _told.add(reason)
    message = f"bothways.nn.LSTM runs through torch's own LSTM: {reason}"
    if slow:
        warnings.warn(message, stacklevel=5)  # through torch's two frames to the caller
    else:
        _log.debug(message)
