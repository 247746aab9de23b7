"""A network that reads on: states carried from token to token, features so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.runtime._network import Network, merge_directions

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]


@dataclass
class Carry:
    """All that later answers need of the tokens before, whatever their number: `h` and `c`
    `(1, 1, H)` of the reader from the left for each layer; the sum or maximum over time
    `pooled (F,)`; and how many tokens there were."""

    h: list[Floats]
    c: list[Floats]
    pooled: Floats
    count: int = 0


def begin(network: Network) -> Carry:
    """Before the first token."""
    shapes = [(1, 1, r.weights.shape[1]) for r in network.recurrent]
    start = -np.inf if network.spec.pooling == "max" else 0
    return Carry(
        [np.zeros(shape, np.float32) for shape in shapes],
        [np.zeros(shape, np.float32) for shape in shapes],
        np.full(network.spec.width, start, np.float32),
    )


def read_on(network: Network, carry: Carry, ids: Ids, threads: int | None = None) -> Floats:
    """The states of the reader from the left after each of `ids (T,)`, those of the last layer,
    `(T, H)`; `carry` moves on. For one layer, or layers that all read forward alone."""
    states: kernels.LstmStates | None = None
    offsets, readers = np.array([0, len(ids)]), len(network.readers)
    projected = network.projected.reshape(readers * len(network.projected), -1)
    for k, recurrent in enumerate((network.readers[0], *network.recurrent[1:])):
        if states is not None:
            assert states.output is not None
            projected = kernels.project(
                *(states.output, *network.inputs[k]), precision=network.precision, threads=threads
            )
        states = kernels.lstm(
            *(projected, offsets, recurrent),
            index=None if k else readers * ids,
            h0=carry.h[k],
            c0=carry.c[k],
            sequences=True,
            precision=network.precision,
            threads=threads,
        )
        carry.h[k], carry.c[k] = states.h_n, states.c_n
    assert states is not None and states.output is not None
    return states.output


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
