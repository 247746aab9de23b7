"""The forward pass of a classifier over ids, with its vocabulary projected once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.artifact import NetworkSpec

Floats = NDArray[np.float32]

# Sequences computed at a time: enough to fill the threads, few enough that the
# outputs of all their tokens stay small.
_SEQUENCES = 512


class Network:
    """Ids to scores with frozen weights.

    The input half of the gates depends on the token alone, so it is computed once for each
    word of the vocabulary here, `V * D * 4H` floats; predicting then has no input product.

    `tensors`: those that `NetworkSpec.tensor_shapes` names. The scores of a text have the
    same bits alone, in any batch, in any order and on any number of threads.
    """

    def __init__(self, spec: NetworkSpec, tensors: Mapping[str, Floats]) -> None:
        self.spec = spec
        self._projected = kernels.project(
            tensors["embedding.weight"], tensors["lstm.kernel"], tensors["lstm.bias"]
        )
        self._recurrent = tensors["lstm.recurrent_kernel"]
        self._kernel, self._bias = tensors["dense.kernel"], tensors["dense.bias"]

    def features(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """What the dense layer reads, `(N, F)`, from ids `(T,)` int32."""
        parts = [
            self._pooled(ids.slice(start, start + _SEQUENCES), threads)
            for start in range(0, len(ids), _SEQUENCES)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.spec.width), np.float32)

    def logits(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """Scores before the sigmoid or softmax, `(N, outputs)`."""
        features = self.features(ids, threads=threads)
        return kernels.project(features, self._kernel, self._bias, threads=threads)

    def probabilities(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """The probability of each label, `(N, C)`; rows sum to one."""
        logits = self.logits(ids, threads=threads)
        if self.spec.outputs > 1:
            return kernels.softmax(logits)
        second = kernels.sigmoid(logits)
        return np.concatenate([1 - second, second], axis=1)

    def outputs(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """The state of each direction after each token, `(T, D * H)`, forward first."""
        output = self._run(ids, True, threads).output
        assert output is not None
        return output

    def _run(self, ids: Ragged, sequences: bool, threads: int | None) -> kernels.LstmStates:
        return kernels.lstm(
            self._projected,
            ids.offsets,
            self._recurrent,
            index=ids.values,
            sequences=sequences,
            threads=threads,
        )

    def _pooled(self, ids: Ragged, threads: int | None) -> Floats:
        pooling = self.spec.pooling
        how = self.spec.merge if self.spec.bidirectional else "concat"
        if pooling == "last":
            h_n = self._run(ids, False, threads).h_n
            return merge(np.concatenate(list(h_n), axis=1), how)
        output = merge(self.outputs(ids, threads=threads), how)
        if pooling == "mean":
            return kernels.mean_forward(output, ids.offsets)
        return kernels.max_forward(output, ids.offsets)[0]


def merge(both: Floats, how: str) -> Floats:
    """Join the directions that lie side by side in `(..., D * H)`, as `bothways.nn` does."""
    if how == "concat" or both.shape[-1] == 0:
        return both
    forward, backward = np.split(both, 2, axis=-1)
    if how == "sum":
        return forward + backward
    if how == "mul":
        return forward * backward
    return (forward + backward) / np.float32(2)
