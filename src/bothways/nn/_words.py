"""The distinct words of a batch, so that each is embedded and projected once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bothways import kernels
from bothways._ragged import check_offsets
from bothways.nn import _operator
from bothways.nn._operator import Operator, as_array, refuse_second_derivative
from bothways.nn._ragged import offsets_of


@Operator
def unique(ids: Tensor, vocabulary_size: int) -> tuple[Tensor, Tensor]:
    """The distinct ids, ascending, `(U,)`, and the place of each id among them, `(T,)`; int32."""
    tokens = kernels.unique(ids.numpy(), vocabulary_size)
    return torch.from_numpy(tokens.distinct.copy()), torch.from_numpy(tokens.inverse)


@unique.register_fake
def _(ids, vocabulary_size):
    U = torch.library.get_ctx().new_dynamic_size()
    return ids.new_empty(U, dtype=torch.int32), ids.new_empty(ids.shape[0], dtype=torch.int32)


@Operator
def unique_by_sequence(
    ids: Tensor, offsets: Tensor, vocabulary_size: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The distinct ids of the batch, and those of each sequence, in time linear in `T + V`.

    The distinct ids, `(U,)`, ascending; the distinct ids of each sequence, ascending, as
    places among them, `(P,)`, and the offsets of these, `(N + 1,)` int64; the place of each
    token among the `P`, `(T,)`. All but the offsets int32.
    """
    ends = check_offsets(offsets.numpy(), len(ids))
    tokens = kernels.unique(ids.numpy(), vocabulary_size)
    T, N = len(ids), len(ends) - 1
    # Sorted by word and, as the sort is stable, by sequence: equal pairs are neighbours.
    words = tokens.inverse[tokens.order]
    sequences = np.repeat(np.arange(N, dtype=np.int32), np.diff(ends))[tokens.order]
    first = np.ones(T, bool)
    first[1:] = (words[1:] != words[:-1]) | (sequences[1:] != sequences[:-1])
    by_sequence = kernels.unique(sequences[first], N)  # a counting sort of the pairs
    place = np.empty_like(by_sequence.order)
    place[by_sequence.order] = np.arange(len(place), dtype=np.int32)
    index = np.empty_like(tokens.inverse)
    index[tokens.order] = place[np.cumsum(first) - 1]
    counts = np.bincount(sequences[first], minlength=N)
    return (
        torch.from_numpy(tokens.distinct.copy()),
        torch.from_numpy(words[first][by_sequence.order]),
        torch.from_numpy(np.concatenate([[0], counts.cumsum()])),
        torch.from_numpy(index),
    )


@unique_by_sequence.register_fake
def _(ids, offsets, vocabulary_size):
    U, P = (torch.library.get_ctx().new_dynamic_size() for _ in range(2))
    sizes = (U, P, len(offsets), len(ids))
    dtypes = (torch.int32, torch.int32, torch.int64, torch.int32)
    return tuple(ids.new_empty(n, dtype=t) for n, t in zip(sizes, dtypes, strict=True))


@Operator
def gather(x: Tensor, places: Tensor) -> Tensor:
    """Rows `places (P,)` of `x (U, I)`, of which each is named at least once: `(P, I)`."""
    return torch.from_numpy(kernels.gather(as_array(x), as_array(places)))


@gather.register_fake
def _(x, places):
    return x.new_empty(places.shape[0], x.shape[1])


@Operator
def gather_backward(d_out: Tensor, places: Tensor, rows: int) -> Tensor:
    """The gradient of `x (rows, I)`."""
    tokens = kernels.unique(as_array(places), rows)
    return torch.from_numpy(kernels.sum_by_token(as_array(d_out), tokens))


@gather_backward.register_fake
def _(d_out, places, rows):
    return d_out.new_empty(rows, d_out.shape[1])


gather_backward.register_autograd(refuse_second_derivative)


def _save(ctx, inputs, output):
    x, places = inputs
    ctx.rows = x.shape[0]
    ctx.save_for_backward(places)


def _gradient(ctx, d_out):
    (places,) = ctx.saved_tensors
    return gather_backward(d_out.contiguous(), places, ctx.rows), None


gather.register_autograd(_gradient, setup_context=_save)


def distinct(ids: Tensor, vocabulary_size: int) -> tuple[Tensor, Tensor]:
    """As `unique`, on any device."""
    if _operator.on_kernels(ids):
        return unique(ids, vocabulary_size)
    return ids.unique(return_inverse=True)


def distinct_by_sequence(
    ids: Tensor, offsets: Tensor, vocabulary_size: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As `unique_by_sequence`, on any device; the offsets stay on the CPU."""
    if _operator.on_kernels(ids):
        return unique_by_sequence(ids, offsets, vocabulary_size)
    N, lengths = len(offsets) - 1, offsets.diff().to(ids.device)
    rows, word = ids.unique(return_inverse=True)
    sequence = torch.arange(N, device=ids.device).repeat_interleave(lengths)
    U = max(1, len(rows))
    pairs, index = (sequence * U + word).unique(return_inverse=True)
    counts = torch.bincount(pairs // U, minlength=N).cpu()
    return rows, pairs % U, offsets_of(counts), index


def take(x: Tensor, places: Tensor) -> Tensor:
    """As `gather`, on any device."""
    return gather(x, places) if _operator.on_kernels(x) else x[places]
