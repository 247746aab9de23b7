"""An embedding and the recurrence over it as one layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bothways.kernels import Precision
from bothways.nn import _words
from bothways.nn._dropout import VariationalDropout, check_rate
from bothways.nn._merge import Merge, check_merge, each, last_states, merge_directions
from bothways.nn._ragged import RaggedTensor, as_ragged
from bothways.nn._recurrence import Recurrence
from bothways.nn._stack import States


class EmbeddingLSTM(Recurrence):
    """`Embedding(V, I)` and an LSTM in one or both directions, fused.

    The input half of the gates depends on the token alone, so each distinct token of a batch
    is embedded and projected once: the same function and the same gradient as the two layers
    apart, for a fraction of the work. The gradient of `embedding (V, I)` is row-sparse
    (`torch.sparse_coo`), as of `torch.nn.Embedding(sparse=True)`.

    Parameters: `embedding`, drawn uniformly within 0.05, and those of `Bidirectional`, with
    `bidirectional=False` of its forward direction alone; and its options.

    Three dropouts act on embedded words in training, alone or one after the other. `dropout`
    zeroes features of a word, the same ones wherever it stands in the batch (as Gal &
    Ghahramani 2016 do for words). `word_dropout` zeroes whole words, wherever they stand, and
    leaves the others as they are. `input_dropout` zeroes features of a sequence, the same ones
    at every step of it (as they do for inputs); what is projected then is each distinct token
    of each sequence.

    `layer(ids)` takes a `RaggedTensor` of ids `(T,)`, int32 or int64, or a padded tensor
    `(N, L)` with any boolean mask; it gives the merged output in the same form and `States`;
    `last(states)` as `Bidirectional`. `move (T, I)` is added to the embedded tokens, as
    adversarial training does (Miyato et al. 2017), and has a gradient; every token is then
    projected by itself.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        hidden_size: int,
        *,
        bidirectional: bool = True,
        merge: Merge | None = "concat",
        layers: int = 1,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        input_dropout: float = 0.0,
        layer_dropout: float = 0.0,
        precision: Precision = "f32",
        checkpoint: int | None = None,
    ) -> None:
        options = (layers, input_dropout, layer_dropout, precision, checkpoint)
        super().__init__(hidden_size, 2 if bidirectional else 1, *options)
        self.vocabulary_size, self.embedding_dim = vocabulary_size, embedding_dim
        self.bidirectional, self.merge = bidirectional, check_merge(merge)
        self.embedding = nn.Parameter(
            torch.empty(vocabulary_size, embedding_dim).uniform_(-0.05, 0.05)
        )
        self.add_weights(embedding_dim)
        self.dropout = VariationalDropout(dropout)  # a word is what a sequence is there
        self.word_dropout = check_rate(word_dropout)

    def forward(
        self,
        ids: RaggedTensor | Tensor,
        mask: Tensor | None = None,
        initial: States | None = None,
        *,
        move: Tensor | None = None,
    ) -> tuple[Any, States]:
        ragged, restore = as_ragged(ids, mask)
        output, states = self._recur(ragged, initial, move)
        if self.bidirectional:
            output = merge_directions(output, self.merge)
        return each(output, restore), states

    def last(self, states: States) -> Any:
        """The last state of each direction of the highest layer, merged: `(N, F)`."""
        return last_states(states.h, self.merge) if self.bidirectional else states.h[-1]

    def _recur(
        self, ids: RaggedTensor, initial: States | None, move: Tensor | None
    ) -> tuple[Tensor, States]:
        values, offsets = ids
        if move is not None:
            x, index = self._embedded(values, offsets)
            return self.run(x[index.long()] + move, offsets, initial)
        if self.input_dropout.active or (
            self.training and (self.dropout.active or self.word_dropout)
        ):
            x, index = self._embedded(values, offsets)
            return self.run(x, offsets, initial, index=index)
        rows, index = _words.distinct(values, self.vocabulary_size)
        return self.run(self.embedding, offsets, initial, rows=rows, index=index)

    def _embedded(self, values: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """What is read instead of the table's rows, and the place in it of each token."""
        if self.input_dropout.active:
            rows, places, ends, index = _words.distinct_by_sequence(
                values, offsets, self.vocabulary_size
            )
            return self.input_dropout.drop(_words.take(self._embed(rows), places), ends), index
        rows, index = _words.distinct(values, self.vocabulary_size)
        return self._embed(rows), index

    def _embed(self, rows: Tensor) -> Tensor:
        """Rows of the table, some features of them dropped: `(U, I)`."""
        x = nn.functional.embedding(rows, self.embedding, sparse=True)
        if self.training and self.word_dropout:
            whole, own = self.dropout.part or (len(rows), slice(None))
            x = x * (torch.rand(whole, 1, device=x.device)[own] >= self.word_dropout)
        return x * self.dropout.factors(len(rows), x) if self.dropout.active else x

    def extra_repr(self) -> str:
        return (
            f"{self.vocabulary_size}, {self.embedding_dim}, {self.hidden_size}, "
            f"bidirectional={self.bidirectional}, merge={self.merge!r}" + super().extra_repr()
        )
