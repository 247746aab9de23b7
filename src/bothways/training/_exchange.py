"""The gradients of a batch that several ranks share, summed: one exchange a step.

Of the embedding travel the touched rows alone, and of these the values alone: every rank has the
ids of the whole batch and the same deal of it, so it knows which rows the others send. There are
two ways, of which the cheaper one in bytes is taken; a rank of `W` sends, with `D` dense numbers,
`I` numbers a row, and at most `R` rows a rank out of `U` in the batch,

    gathered    (W - 1) * (D + I * R)           everyone gets all parts and adds them up, by rank
    added up    2 * (W - 1) / W * (D + I * U)   a ring all-reduce over the rows of the batch

Two ranks gather. With many the rows of the batch are nearly those of each, and are added up on the
way; that is never more than an all-reduce of the whole table. torch's own
`DistributedDataParallel` sends the whole table (its gradients are dense, or gathered with their
ids), and it wraps modules of torch, which the kernels are none of.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.artifact import TABLE
from bothways.kernels import Unique
from bothways.optim import RowGradient
from bothways.training._deal import Indices, deal
from bothways.training._ranks import Ranks

Floats = NDArray[np.float32]
Places = NDArray[np.int32]

_log = logging.getLogger("bothways")


class Share(NamedTuple):
    """What this rank computes of a batch: `texts (n,)`; and `places (u,)` of its words among the
    `U` distinct ones of the batch. `rank_of (T,)` is the rank that each token belongs to."""

    texts: Indices
    places: Indices
    rank_of: Indices


class Exchange:
    """Shares batches out and adds gradients up. `sent` counts the bytes that left this rank, and
    `way` is the one that was taken last."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks, self.sent, self.way = ranks, 0, ""

    def share(self, ids: Ragged, words: Unique) -> Share:
        """Of the batch `ids` with its distinct `words`."""
        rank_of, shares = np.empty(len(ids), np.int64), deal(ids.lengths, self.ranks.size)
        for rank, texts in enumerate(shares):
            rank_of[texts] = rank
        of_token = np.repeat(rank_of, ids.lengths)
        touched = np.zeros(len(words.distinct), bool)
        touched[words.inverse[of_token == self.ranks.rank]] = True
        return Share(shares[self.ranks.rank], np.flatnonzero(touched), of_token)

    def sum(
        self,
        loss: float,
        gradients: Mapping[str, Floats | RowGradient],
        share: Share,
        words: Unique,
        threads: int | None = None,
    ) -> tuple[float, dict[str, Floats | RowGradient]]:
        """The loss and the gradients of the whole batch from those of the shares.

        The gradient of the embedding comes with the rows of the share's words, and is returned
        with those of all `words`.
        """
        table = gradients[TABLE]
        dense = {k: v for k, v in gradients.items() if not isinstance(v, RowGradient)}
        assert isinstance(table, RowGradient)
        parts: list[Floats] = [np.array([loss], np.float32), *(v.ravel() for v in dense.values())]
        numbers: Floats = np.concatenate(parts)
        rows = self._rows(len(numbers), table.values.shape[1], share, words)
        if rows is None:
            numbers, values = self._add_up(numbers, table.values, share.places, words)
        else:
            numbers, values = self._gather(numbers, table.values, rows, words, threads)
        summed = np.split(numbers, np.cumsum([len(part) for part in parts])[:-1])
        found = {
            name: part.reshape(gradient.shape)
            for (name, gradient), part in zip(dense.items(), summed[1:], strict=True)
        }
        return float(summed[0][0]), {**found, TABLE: RowGradient(words.distinct, values)}

    def _rows(self, D: int, width: int, share: Share, words: Unique) -> list[Places] | None:
        """The rows that each rank sends if gathering is cheaper, else None."""
        ring = 2 * (D + width * len(words.distinct)) / self.ranks.size
        if ring <= D:  # so it is for many ranks: nothing needs to be counted
            return None
        rows = _rows_of_ranks(share.rank_of, words, self.ranks.size)
        return rows if D + width * max(map(len, rows)) < ring else None

    def _add_up(self, numbers: Floats, values: Floats, places: Indices, words: Unique):
        """`numbers (D,)` and `values (u, I)` of the rows at `places`, of `U`, by a ring."""
        D, U, ranks = len(numbers), len(words.distinct), self.ranks
        buffer = np.zeros(D + U * values.shape[1], np.float32)
        of_rows = buffer[D:].reshape(U, values.shape[1])
        buffer[:D], of_rows[places] = numbers, values
        ranks.add(buffer)
        self._count("added up", 2 * (ranks.size - 1) * buffer.nbytes // ranks.size, U, U)
        return buffer[:D], of_rows

    def _gather(self, numbers: Floats, values: Floats, rows: list[Places], words: Unique, threads):
        """The same by gathering; the parts are as long as the longest."""
        D, width, most = len(numbers), values.shape[1], max(map(len, rows))
        buffer = np.zeros(D + most * width, np.float32)
        buffer[:D], buffer[D : D + values.size] = numbers, values.ravel()
        parts = self.ranks.gather(buffer)
        self._count("gathered", (self.ranks.size - 1) * buffer.nbytes, most, len(words.distinct))
        total = parts[0, :D].copy()
        for part in parts[1:]:  # in the same order everywhere
            total += part[:D]
        sent = zip(parts[:, D:], rows, strict=True)
        every = np.concatenate([part[: len(own) * width].reshape(-1, width) for part, own in sent])
        of_word = kernels.unique(np.concatenate(rows), len(words.distinct))
        return total, kernels.sum_by_token(every, of_word, threads=threads)

    def _count(self, way: str, sent: int, rows: int, U: int) -> None:
        self.sent += sent
        if way != self.way:
            self.way = way
            _log.debug(
                "exchange: gradients are %s, at most %d rows a rank of the %d that the batch "
                "touches: %d bytes sent by each of %d ranks",
                *(way, rows, U, sent, self.ranks.size),
            )


def _rows_of_ranks(rank_of: Indices, words: Unique, ranks: int) -> list[Places]:
    """The words of each rank's texts, as places among those of the batch, ascending."""
    U = len(words.distinct)
    pairs = kernels.unique(rank_of * U + words.inverse, ranks * U)
    rank, place = np.divmod(pairs.distinct, np.int32(max(U, 1)))
    return np.split(place, np.searchsorted(rank, np.arange(1, ranks)))
