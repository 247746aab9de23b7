"""The forward pass of a classifier over ids, with its vocabulary projected once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.artifact import NetworkSpec, layer_names

Floats = NDArray[np.float32]

# Sequences computed at a time: enough to fill the threads, few enough that the outputs of
# all their tokens, and what layers above the first project from these, stay small.
_SEQUENCES, _SEQUENCES_OF_LAYERS = 512, 64


class Network:
    """Ids to scores with frozen weights.

    The input half of the first layer's gates depends on the token alone, so it is computed
    once for each word of the vocabulary here, `V * D * 4H` floats; predicting with one layer
    then has no input product.

    `tensors`: those that `NetworkSpec.tensor_shapes` names. The scores of a text have the
    same bits alone, in any batch, in any order and on any number of threads.
    """

    def __init__(self, spec: NetworkSpec, tensors: Mapping[str, Floats]) -> None:
        self.spec = spec
        layers = [tuple(tensors[name] for name in layer_names(k)) for k in range(spec.layers)]
        (kernel, self._recurrent, bias), *self._above = layers
        self._projected = kernels.project(tensors["embedding.weight"], kernel, bias)
        self._kernel, self._bias = tensors["dense.kernel"], tensors["dense.bias"]

    def features(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """What the dense layer reads, `(N, F)`, from ids `(T,)` int32."""
        size = _SEQUENCES if self.spec.layers == 1 else _SEQUENCES_OF_LAYERS
        parts = [
            self._pooled(ids.slice(start, start + size), threads)
            for start in range(0, len(ids), size)
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
        """The state of each direction of the last layer after each token, `(T, D * H)`,
        forward first."""
        output = self._run(ids, True, threads).output
        assert output is not None
        return output

    def _run(self, ids: Ragged, sequences: bool, threads: int | None) -> kernels.LstmStates:
        """The states of the last layer; all its outputs only if `sequences`."""
        above = len(self._above)
        states = kernels.lstm(
            self._projected,
            ids.offsets,
            self._recurrent,
            index=ids.values,
            sequences=sequences or above > 0,
            threads=threads,
        )
        for k, (kernel, recurrent, bias) in enumerate(self._above, 1):
            assert states.output is not None
            projected = kernels.project(states.output, kernel, bias, threads=threads)
            every = sequences or k < above
            states = kernels.lstm(
                projected, ids.offsets, recurrent, sequences=every, threads=threads
            )
        return states

    def _pooled(self, ids: Ragged, threads: int | None) -> Floats:
        pooling = self.spec.pooling
        if pooling == "last":
            h_n = self._run(ids, False, threads).h_n
            return merge_directions(np.concatenate(list(h_n), axis=1), self.spec)
        output = merge_directions(self.outputs(ids, threads=threads), self.spec)
        if pooling == "mean":
            return kernels.mean_forward(output, ids.offsets)
        return kernels.max_forward(output, ids.offsets)[0]


def merge_directions(both: Floats, spec: NetworkSpec) -> Floats:
    """Join what two directions know, side by side in `(..., 2H)`, as `bothways.nn` does."""
    if not spec.bidirectional or spec.merge == "concat":
        return both
    forward, backward = both[..., : spec.hidden_size], both[..., spec.hidden_size :]
    if spec.merge == "sum":
        return forward + backward
    if spec.merge == "mul":
        return forward * backward
    return (forward + backward) / np.float32(2)
