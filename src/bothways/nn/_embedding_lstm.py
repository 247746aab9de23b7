"""An embedding and the recurrence over it as one layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bothways.nn import _ops
from bothways.nn._init import new_recurrence
from bothways.nn._ragged import RaggedTensor, as_ragged
from bothways.nn._recurrent import (
    Merge,
    States,
    _each,
    check_merge,
    merge_directions,
    run_recurrence,
)


class EmbeddingLSTM(nn.Module):
    """`Embedding(V, I)` and an LSTM in one or both directions, fused.

    The input half of the gates depends on the token alone, so each distinct token of a batch
    is embedded and projected once: the same function and the same gradient as the two layers
    apart, for a fraction of the work. The gradient of `embedding (V, I)` is row-sparse
    (`torch.sparse_coo`), as of `torch.nn.Embedding(sparse=True)`.

    Parameters: `embedding`, drawn uniformly within 0.05, and those of `Bidirectional`, or of
    `LSTM` with `bidirectional=False`. `dropout` in training drops features of embedded words,
    the same ones wherever a word stands in the batch (as Gal & Ghahramani 2016 do for words).

    `layer(ids)` takes a `RaggedTensor` of ids `(T,)`, int32 or int64, or a padded tensor
    `(N, L)` with any boolean mask; it gives the merged output in the same form and `States`;
    `last(states)` as `Bidirectional`.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        hidden_size: int,
        *,
        bidirectional: bool = True,
        merge: Merge | None = "concat",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.vocabulary_size, self.embedding_dim = vocabulary_size, embedding_dim
        self.hidden_size, self.bidirectional = hidden_size, bidirectional
        self.merge = check_merge(merge)
        self.embedding = nn.Parameter(
            torch.empty(vocabulary_size, embedding_dim).uniform_(-0.05, 0.05)
        )
        self.kernel, self.recurrent_kernel, self.bias = new_recurrence(
            embedding_dim, hidden_size, 2 if bidirectional else 1
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, ids: RaggedTensor | Tensor, mask: Tensor | None = None, initial: States | None = None
    ) -> tuple[Any, States]:
        ragged, restore = as_ragged(ids, mask)
        output, states = self._recur(ragged, initial)
        if self.bidirectional:
            output = merge_directions(output, self.merge)
        return _each(output, restore), states

    def last(self, states: States) -> Any:
        """The last state of each direction, merged: `(N, F)`."""
        if not self.bidirectional:
            return states.h[0]
        return merge_directions(torch.cat([states.h[0], states.h[1]], dim=-1), self.merge)

    def _recur(self, ids: RaggedTensor, initial: States | None) -> tuple[Tensor, States]:
        if _ops.on_kernels(ids.values):
            rows, index = torch.ops.bothways.unique(ids.values, self.vocabulary_size)
        else:
            rows, index = ids.values.unique(return_inverse=True)
        if not (self.training and self.dropout.p):
            return run_recurrence(
                self, self.embedding, ids.offsets, initial, rows=rows, index=index
            )
        x = self.dropout(nn.functional.embedding(rows, self.embedding, sparse=True))
        return run_recurrence(self, x, ids.offsets, initial, index=index)

    def extra_repr(self) -> str:
        return (
            f"{self.vocabulary_size}, {self.embedding_dim}, {self.hidden_size}, "
            f"bidirectional={self.bidirectional}, merge={self.merge!r}"
        )
