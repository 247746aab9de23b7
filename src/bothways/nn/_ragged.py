"""Ragged batches of tensors, and padded ones turned into them and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bothways import Ragged
from bothways.errors import ArgumentError, TensorError
from bothways.nn import _rows


class RaggedTensor(NamedTuple):
    """`N` sequences with `T` steps in all: `values (T, ...)` and `offsets (N + 1,)` int64.

    The torch side of `bothways.Ragged`; offsets live on the CPU, where they are read.
    """

    values: Tensor
    offsets: Tensor

    @classmethod
    def from_ragged(cls, ragged: Ragged) -> RaggedTensor:
        """The same batch without a copy."""
        return cls(torch.from_numpy(ragged.values), torch.from_numpy(ragged.offsets))

    @classmethod
    def from_list(cls, sequences: Sequence[Tensor]) -> RaggedTensor:
        """From `N` tensors `(length, ...)`."""
        lengths = torch.tensor([0] + [len(s) for s in sequences])
        return cls(torch.cat(list(sequences)), lengths.cumsum(0))

    @property
    def lengths(self) -> Tensor:
        """Steps in each sequence, `(N,)` int64."""
        return self.offsets.diff()

    def with_values(self, values: Tensor) -> RaggedTensor:
        """Other values for the same steps."""
        return RaggedTensor(values, self.offsets)


class Padding(NamedTuple):
    """Where the steps of a ragged batch stand in the padded tensor `(N, L, ...)` it comes from.

    `rows (T,)`: their places among the `N * L`, or None if every place has one.
    """

    shape: tuple[int, int]
    rows: Tensor | None

    def steps(self, x: Tensor) -> Tensor:
        """Those of `x (N, L, ...)`, one sequence after another, `(T, ...)`."""
        N, L = self.shape
        steps = x.reshape(N * L, *x.shape[2:])
        return steps if self.rows is None else _rows.take(steps, self.rows)

    def restore(self, values: Tensor) -> Tensor:
        """`values (T, ...)` at their places in `(N, L, ...)`, zeros at the masked steps."""
        N, L = self.shape
        if self.rows is not None:
            values = _rows.put(values, self.rows, N * L)
        return values.reshape(N, L, *values.shape[1:])


def padding_of(shape: tuple[int, int], mask: Tensor | None) -> tuple[Tensor, Padding]:
    """The offsets of the steps at which `mask (N, L)` bool is true, and where they stand.

    Any pattern will do: padding right, left or between, or nothing left. Without a mask every
    step counts. Raises `TensorError` if the mask is not bool or has another shape.
    """
    N, L = shape
    if mask is None:
        return torch.arange(N + 1, device="cpu") * L, Padding(shape, None)
    check_mask(mask, shape)
    offsets = offsets_of(mask.sum(dim=1).cpu())
    return offsets, Padding(shape, mask.reshape(-1).nonzero()[:, 0])


def offsets_of(lengths: Tensor) -> Tensor:
    """Where sequences of `lengths (N,)` begin, and the end: `(N + 1,)`."""
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])


def check_mask(mask: Any, shape: tuple[int, ...]) -> None:
    """Raise `TensorError` unless `mask` is bool of that shape."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or mask.shape != shape:
        got = type(mask).__name__
        if isinstance(mask, Tensor):
            got = f"{mask.dtype} of shape {tuple(mask.shape)}"
        raise TensorError(f"the mask must be bool of shape {shape}, got {got}")


def as_ragged(
    x: RaggedTensor | Tensor, mask: Tensor | None
) -> tuple[RaggedTensor, Callable[[Tensor], RaggedTensor | Tensor]]:
    """The ragged batch in `x`, and a function that gives new values of its steps `x`'s form.

    Raises `ArgumentError` for a tensor of fewer than two dimensions, for another mask than
    `padding_of` takes, and for a mask beside a ragged batch.
    """
    if not isinstance(x, RaggedTensor):
        if x.ndim < 2:
            raise ArgumentError(f"a padded batch has the shape (N, L, ...), got {tuple(x.shape)}")
        offsets, padding = padding_of((x.shape[0], x.shape[1]), mask)
        return RaggedTensor(padding.steps(x), offsets), padding.restore
    if mask is not None:
        raise ArgumentError("a ragged batch takes no mask: it has only the steps that count")
    return x, x.with_values
