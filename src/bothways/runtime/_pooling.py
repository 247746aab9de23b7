"""From the states of a text to its features, and back: merge of directions, pooling over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.artifact import LayerSpec, NetworkSpec
from bothways.runtime._network import merge_directions

Floats = NDArray[np.float32]


class Pooled(NamedTuple):
    """`features (N, F)`, and for the way back the states before their directions were merged,
    `both (N, D * H)` or `(T, D * H)`, and the token that each maximum came from."""

    features: Floats
    both: Floats
    where: NDArray[np.int64] | None = None


def pool_forward(
    spec: NetworkSpec, output: Floats | None, h_n: Floats | None, offsets: NDArray[np.int64]
) -> Pooled:
    """The last state of each direction, `h_n (D, N, H)`, merged, or the merged outputs,
    `(T, D * H)`, pooled over time."""
    if spec.pooling == "last":
        assert h_n is not None
        both = np.concatenate(list(h_n), axis=1)
        return Pooled(merge_directions(both, spec), both)
    assert output is not None
    merged = merge_directions(output, spec)
    if spec.pooling == "mean":
        return Pooled(kernels.mean_forward(merged, offsets), output)
    features, where = kernels.max_forward(merged, offsets)
    return Pooled(features, output, where)


def pool_backward(
    spec: NetworkSpec, d_features: Floats, pooled: Pooled, offsets: NDArray[np.int64]
) -> tuple[Floats | None, Floats | None]:
    """The gradients of the outputs, `(T, D * H)`, and of the last states, `(D, N, H)`; one of
    them is None, as nothing was read there."""
    if spec.pooling == "last":
        d_both = merge_backward(spec, d_features, pooled.both)
        of_direction = d_both.reshape(len(d_both), spec.directions, spec.hidden_size)
        return None, np.ascontiguousarray(of_direction.swapaxes(0, 1))
    if spec.pooling == "mean":
        d_merged = kernels.mean_backward(d_features, offsets)
    else:
        assert pooled.where is not None
        d_merged = kernels.max_backward(d_features, pooled.where, len(pooled.both))
    return merge_backward(spec, d_merged, pooled.both), None


def merge_backward(spec: LayerSpec | NetworkSpec, d_merged: Floats, both: Floats) -> Floats:
    """The gradient of what was merged: each direction's, side by side."""
    if not spec.bidirectional or spec.merge == "concat":
        return d_merged
    if spec.merge == "sum":
        return np.concatenate([d_merged, d_merged], axis=1)
    if spec.merge == "ave":
        half = d_merged / np.float32(2)
        return np.concatenate([half, half], axis=1)
    forward, backward = both[:, : spec.hidden_size], both[:, spec.hidden_size :]
    return np.concatenate([d_merged * backward, d_merged * forward], axis=1)
