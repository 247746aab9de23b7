"""Which rank computes which texts of a batch."""

from __future__ import annotations

from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def deal(lengths: NDArray[np.int64], ranks: int) -> list[Indices]:
    """The texts of each rank, in ascending order, from their `lengths (N,)` in tokens.

    The longest text comes first and each goes to the rank with the fewest tokens (Graham 1969),
    so no rank has more tokens than another one and the longest text together. Every process
    finds the same without a word. Of fewer texts than ranks some ranks get none.
    """
    rank_of = np.empty(len(lengths), np.int64)
    load = [(0, 0, rank) for rank in range(ranks)]  # tokens, then texts: empty ones spread too
    heapify(load)
    order = np.argsort(-lengths, kind="stable")
    for text, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        tokens, texts, rank = load[0]
        rank_of[text] = rank
        heapreplace(load, (tokens + length, texts + 1, rank))
    return [np.flatnonzero(rank_of == rank) for rank in range(ranks)]
