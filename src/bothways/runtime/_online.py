"""A network that reads on: states carried from token to token, features so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.runtime._network import Network, merge_directions

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]


@dataclass
class Carry:
    """All that later answers need of the tokens before, whatever their number: for each layer
    `h` and `c (D, 1, H)`, of which the forward direction is meant; the sum or maximum over
    time `pooled (F,)`; and how many tokens there were."""

    h: list[Floats]
    c: list[Floats]
    pooled: Floats
    count: int = 0


def begin(network: Network) -> Carry:
    """Before the first token."""
    shapes = [(r.weights.shape[0], 1, r.weights.shape[1]) for r in network.recurrent]
    start = -np.inf if network.spec.pooling == "max" else 0
    return Carry(
        [np.zeros(shape, np.float32) for shape in shapes],
        [np.zeros(shape, np.float32) for shape in shapes],
        np.full(network.spec.width, start, np.float32),
    )


def read_on(network: Network, carry: Carry, ids: Ids, threads: int | None = None) -> Floats:
    """The states of the last layer after each of `ids (T,)`, `(T, D * H)`; `carry` moves on.

    Of two directions only the forward half goes on from `carry`; the other one read
    these tokens alone.
    """
    states: kernels.LstmStates | None = None
    offsets = np.array([0, len(ids)])
    projected, index = network.projected, ids
    for k, recurrent in enumerate(network.recurrent):
        if states is not None:
            assert states.output is not None
            projected = kernels.project(
                *(states.output, *network.inputs[k]), precision=network.precision, threads=threads
            )
        states = kernels.lstm(
            *(projected, offsets, recurrent),
            index=None if k else index,
            h0=carry.h[k],
            c0=carry.c[k],
            sequences=True,
            precision=network.precision,
            threads=threads,
        )
        carry.h[k], carry.c[k] = states.h_n, states.c_n
    assert states is not None and states.output is not None
    return states.output


def look_back(network: Network, windows: list[Ids], threads: int | None = None) -> Floats:
    """What the reader from the right knows at the first token of each of `N` windows, having
    begun at its last one, `(N, H)`; for one layer in two directions."""
    batch = Ragged.from_list(windows)
    h_n = kernels.lstm(
        *(network.projected, batch.offsets, network.recurrent[0]),
        index=batch.values,
        precision=network.precision,
        threads=threads,
    ).h_n
    return h_n[1]


def answers(network: Network, carry: Carry, states: Floats, threads: int | None = None) -> Floats:
    """The probabilities `(T, C)` after each token, from the last layer's states there, `(T, D *
    H)`; `carry` moves on."""
    spec = network.spec
    features: NDArray = merge_directions(states, spec)
    counts = carry.count + np.arange(1, len(features) + 1)
    carry.count += len(features)
    if spec.pooling != "last":
        pool: Any = np.maximum if spec.pooling == "max" else np.add
        features = pool.accumulate(np.vstack([carry.pooled, features]), axis=0)
        carry.pooled, features = features[-1], features[1:]
    if spec.pooling == "mean":
        features = features / counts[:, None].astype(np.float32)
    short = counts < spec.zero_under  # not in place: the last row is what `carry` keeps
    features = np.where(short[:, None], np.maximum(features, 0), features)
    return network.probabilities_of(np.ascontiguousarray(features), threads=threads)
