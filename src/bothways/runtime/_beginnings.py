"""Every beginning of one text, where a reader looks ahead: each of its states is computed once.

In a beginning of `n` tokens the reader from the right comes to token `t` from token
`min(t + lookahead, n - 1)`. Read back once from each token, `lookahead + 1` steps, it has been to
all of these: the states of a run are those at the end of the beginning that ends there, and the
last of them is that of every longer one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.runtime._lookahead import rows_of
from bothways.runtime._network import Network

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Lengths = NDArray[np.int64]

# Tokens of beginnings whose states are put side by side at a time: 32 MB for 32 units.
_TOKENS = 1 << 17


def features_of_beginnings(
    network: Network, ids: Ids, lengths: Lengths, lookahead: int, threads: int | None = None
) -> Floats:
    """What the dense layer reads, `(M, F)`, of the first `lengths (M,)` tokens of `ids (T,)`, with
    the bits of `network.features`.

    Keeps `T * (lookahead + 1)` states: for long texts and few lengths `features` is better.
    """
    T, rows = len(ids), rows_of(network.projected)
    how: Any = {"sequences": True, "precision": network.precision, "threads": threads}
    forward = kernels.lstm(
        *(rows, np.array([0, T]), network.readers[0]), index=2 * ids, **how
    ).output
    # Run `e` reads tokens `first[e]` to `e`, from last to first; its states lie in their order.
    first = np.maximum(np.arange(T) - lookahead, 0)
    runs = np.arange(T) + 1 - first
    begin = runs.cumsum() - runs
    tokens = np.arange(runs.sum()) - np.repeat(begin - first, runs)
    offsets = np.concatenate([[0], runs.cumsum()])
    backward = kernels.lstm(
        *(rows, offsets, network.readers[1]), index=2 * ids[tokens] + 1, reverse=True, **how
    ).output
    assert forward is not None and backward is not None

    features = [np.zeros((0, network.spec.width), np.float32)]
    parts = np.split(lengths, np.flatnonzero(np.diff(lengths.cumsum() // _TOKENS)) + 1)
    for part in parts:
        bounds = np.concatenate([[0], part.cumsum()])
        token = np.arange(bounds[-1]) - np.repeat(bounds[:-1], part)
        end = np.minimum(token + lookahead, np.repeat(part, part) - 1)
        at = begin[end] + token - first[end]
        output = np.concatenate([forward[token], backward[at]], axis=1)
        features.append(network.pool_outputs(output, bounds))
    return np.concatenate(features)
