"""The forms that a batch for `LSTM` may have, torch's and others; each is ragged underneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from bothways.errors import TensorError
from bothways.nn import _rows
from bothways.nn._ragged import RaggedTensor, check_mask, offsets_of, padding_of


@dataclass(frozen=True)
class Form:
    """A batch and its way to a ragged one and back.

    `given`: the tensor that holds it, as it came. `steps` gives its steps one sequence after
    another, `(T, I)`, those of sequence `n` from `offsets[n]` on. `restore` gives new values of
    the steps, `(T, F)`, the form that the batch had. `arrange` brings rows in the order in which
    torch has the steps between two layers into ours. `is_torchs`: torch's own LSTM takes the
    batch as it is. Where it is not `batched`, there is one sequence, and its states are
    `(layers * D, H)`.
    """

    given: Tensor
    offsets: Tensor
    steps: Callable[[], Tensor]
    restore: Callable[[Tensor], Any]
    arrange: Callable[[Tensor], Tensor]
    is_torchs: bool
    batched: bool = True

    @property
    def count(self) -> int:
        """How many sequences there are, `N`."""
        return self.offsets.shape[0] - 1


def as_form(
    batch: Any, batch_first: bool, mask: Tensor | None = None, lengths: Tensor | None = None
) -> Form:
    """What `batch` is. Raises `TensorError` where it contradicts itself, before it is read."""
    if isinstance(batch, Tensor) and not batch.is_nested:
        return _padded(batch, batch_first, mask, lengths)
    if mask is not None or lengths is not None:
        raise TensorError(
            "mask and lengths are for a padded tensor, "
            f"got one with {_name(batch)}, which has only the steps that count"
        )
    if isinstance(batch, PackedSequence):
        return _packed(batch)
    if isinstance(batch, Tensor):
        return _nested(batch)
    if isinstance(batch, RaggedTensor):
        return _ragged(batch)
    raise TensorError(
        f"input must be a tensor, a PackedSequence or a RaggedTensor, got {type(batch).__name__}"
    )


def _padded(x: Tensor, batch_first: bool, mask: Tensor | None, lengths: Any) -> Form:
    if x.ndim not in (2, 3):
        shape = "(N, L, I)" if batch_first else "(L, N, I)"
        raise TensorError(
            f"LSTM: Expected input to be 2D or 3D, {shape} or (L, I), got {x.ndim}D instead: "
            f"{tuple(x.shape)}"
        )
    if mask is not None:
        check_mask(mask, tuple(x.shape[:-1]))
        if mask.device != x.device:
            raise TensorError(
                "Input and mask tensors are not at the same device: "
                f"input at {x.device}, mask at {mask.device}"
            )
    given, batched = x, x.ndim == 3
    time_first = batched and not batch_first
    if not batched:
        x, mask = x[None], None if mask is None else mask[None]
    elif time_first:
        x, mask = x.transpose(0, 1), None if mask is None else mask.transpose(0, 1)
    N, L = x.shape[:2]
    if lengths is not None:
        if mask is not None:
            raise TensorError("both mask and lengths are given: each says which steps count")
        mask = _mask_of(lengths, N, L, x.device)
    offsets, padding = padding_of((N, L), mask)

    def restore(values: Tensor) -> Tensor:
        padded = padding.restore(values)
        padded = padded if batched else padded[0]
        return padded.transpose(0, 1).contiguous() if time_first else padded

    def arrange(rows: Tensor) -> Tensor:
        width = rows.shape[1]  # -1 says nothing where there are no rows
        return rows.reshape(L, N, width).transpose(0, 1).reshape(N * L, width)

    return Form(
        *(given, offsets, lambda: padding.steps(x), restore),
        arrange if mask is None else _as_it_is,
        is_torchs=mask is None and N * L > 0,
        batched=batched,
    )


def _mask_of(lengths: Any, N: int, L: int, device: torch.device) -> Tensor:
    """True at the first steps of each sequence, `(N, L)`."""
    try:
        lengths = torch.as_tensor(lengths, device=device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TensorError(
            f"lengths must be whole numbers of shape ({N},), got {lengths!r:.80}"
        ) from error
    if lengths.is_floating_point() or lengths.dtype == torch.bool or lengths.shape != (N,):
        raise TensorError(
            f"lengths must be whole numbers of shape ({N},), "
            f"got {lengths.dtype} of shape {tuple(lengths.shape)}"
        )
    if N and not 0 <= int(lengths.min()) <= int(lengths.max()) <= L:
        raise TensorError(
            f"lengths must be from 0 to the {L} steps that there are, "
            f"got {int(lengths.min())} to {int(lengths.max())}"
        )
    return torch.arange(L, device=device) < lengths[:, None]


def _packed(batch: PackedSequence) -> Form:
    _check_packed(batch)
    data, sizes, sorted_indices, unsorted_indices = batch
    T, position = len(data), torch.arange(int(sizes[0]), device="cpu")
    if unsorted_indices is not None:
        position = unsorted_indices.cpu()
    lengths = (sizes > position[:, None]).sum(dim=1)
    offsets = offsets_of(lengths)
    # Step t of a sequence stands in the t-th group, at the place of the sequence in sorted order.
    step = torch.arange(T, device="cpu") - offsets[:-1].repeat_interleave(lengths)
    rows = (sizes.cumsum(0) - sizes)[step] + position.repeat_interleave(lengths)

    def restore(values: Tensor) -> PackedSequence:
        places = torch.empty_like(rows)
        places[rows] = torch.arange(T, device="cpu")
        return PackedSequence(_rows.take(values, places), sizes, sorted_indices, unsorted_indices)

    def arrange(steps: Tensor) -> Tensor:
        return _rows.take(steps, rows)

    return Form(data, offsets, lambda: arrange(data), restore, arrange, True)


def _check_packed(batch: PackedSequence) -> None:
    """torch's own constructor does not look, and its kernels believe what it holds."""
    data, sizes, sorted_indices, unsorted_indices = batch
    if data.ndim != 2:
        raise TensorError(f"input must have 2 dimensions where it is packed, got {data.ndim}")
    if sizes.ndim != 1 or sizes.dtype != torch.int64 or sizes.device.type != "cpu":
        raise TensorError(
            "batch_sizes must be int64 of shape (L,) on the CPU, "
            f"got {sizes.dtype} of shape {tuple(sizes.shape)} on {sizes.device}"
        )
    rises = (sizes[1:] > sizes[:-1]).any()
    if not len(sizes) or int(sizes[-1]) < 1 or rises or int(sizes.sum()) != len(data):
        raise TensorError(
            "batch_sizes must not rise, and count the packed steps: "
            f"got {_first(sizes)} for {len(data)} of them"
        )
    every = torch.arange(int(sizes[0]), device="cpu")
    for name, indices in (("sorted", sorted_indices), ("unsorted", unsorted_indices)):
        if indices is not None and not torch.equal(indices.cpu().sort().values, every):
            raise TensorError(
                f"{name}_indices must be each of 0 to {len(every) - 1} once, got {_first(indices)}"
            )


def _ragged(batch: RaggedTensor) -> Form:
    offsets = batch.offsets
    if offsets.ndim != 1 or not offsets.shape[0] or offsets.device.type != "cpu":
        raise TensorError(
            "offsets must be of shape (N + 1,) on the CPU, "
            f"got {tuple(offsets.shape)} on {offsets.device}"
        )
    values = batch.values
    if values.ndim != 2:
        raise TensorError(f"a ragged batch has values (T, I), got {tuple(values.shape)}")
    return Form(values, offsets, lambda: values, batch.with_values, _as_it_is, False)


def _nested(batch: Any) -> Form:
    if batch.layout != torch.jagged or batch.ndim != 3 or batch._ragged_idx != 1:
        raise TensorError(
            "a nested tensor must have layout=torch.jagged and the shape (N, *, I), "
            f"got {batch.layout} with {batch.ndim} dimensions"
        )
    if batch.lengths() is not None:
        raise TensorError("a nested tensor must be contiguous, got one with holes between its rows")
    values, offsets = batch.values(), batch.offsets()

    def restore(values: Tensor) -> Tensor:
        return torch.nested.nested_tensor_from_jagged(values, offsets)

    return Form(values, offsets.cpu(), lambda: values, restore, _as_it_is, False)


def _as_it_is(rows: Tensor) -> Tensor:
    return rows


def _first(numbers: Tensor) -> str:
    some = ", ".join(map(str, numbers[:10].tolist()))
    return f"[{some}, ...]" if len(numbers) > 10 else f"[{some}]"


def _name(batch: Any) -> str:
    return "a nested tensor" if isinstance(batch, Tensor) else type(batch).__name__
