"""What `LSTM` asks of a batch, its states and its weights before they are read.

Where torch says the same, its words are in the sentence: programs look for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bothways.errors import TensorError
from bothways.nn._forms import Form
from bothways.nn._stack import States


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """The type that autocast asks for on `device`, None where it is off."""
    kind = device.type
    if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
        return None
    return torch.get_autocast_dtype(kind)


def check_given(
    given: Tensor, weights: Sequence[Sequence[Tensor]], width: int, cast: torch.dtype | None
) -> None:
    """Raise `TensorError` unless `given` is `(..., width)`, where and of what the weights are.

    With a `cast`, the type of autocast, it may be of any floating type.
    """
    if given.shape[-1] != width:
        raise TensorError(
            f"input.size(-1) must be equal to input_size. Expected {width}, got {given.shape[-1]}"
        )
    weight = weights[0][0]
    for other in (w for each in weights for w in each):
        if other.device != given.device:
            raise TensorError(
                "Input and parameter tensors are not at the same device: "
                f"input at {given.device}, parameters at {other.device}"
            )
        if other.dtype != weight.dtype:
            raise TensorError(f"all weights must have one dtype, got {weight.dtype}, {other.dtype}")
    if not _fits(given, weight.dtype, cast):
        raise TensorError(
            f"RNN input dtype ({given.dtype}) does not match weight dtype ({weight.dtype})"
        )


def checked_states(
    form: Form, hx: Any, shapes: Sequence[tuple[int, int, int]], cast: torch.dtype | None
) -> States:
    """`hx` with its dimension of sequences; `TensorError` unless it suits the batch."""
    given = form.given
    if not _is_pair(hx):
        raise TensorError(f"hx must be a pair of tensors (h_0, c_0), got {type(hx).__name__}")
    ndim, kind = (3, "batched 3-D") if form.batched else (2, "unbatched 2-D")
    if any(s.ndim != ndim for s in hx):
        raise TensorError(
            f"For {kind} input, hx and cx should also be {ndim}-D "
            f"but got ({hx[0].ndim}-D, {hx[1].ndim}-D) tensors"
        )
    states = States(*(s if form.batched else s[:, None] for s in hx))
    for i, (state, shape) in enumerate(zip(states, shapes, strict=True)):
        if state.shape != shape:
            raise TensorError(f"Expected hidden[{i}] size {shape}, got {list(state.shape)}")
        if state.device != given.device:
            raise TensorError(
                "Input and hidden tensors are not at the same device: "
                f"input at {given.device}, hidden[{i}] at {state.device}"
            )
        if not _fits(state, given.dtype, cast):
            raise TensorError(f"hidden[{i}] is {state.dtype}, the input {given.dtype}")
    return states


def _is_pair(hx: Any) -> bool:
    is_two = isinstance(hx, (tuple, list)) and len(hx) == 2
    return is_two and all(isinstance(s, Tensor) for s in hx)


def _fits(x: Tensor, dtype: torch.dtype, cast: torch.dtype | None) -> bool:
    return x.dtype == dtype if cast is None else x.is_floating_point()
