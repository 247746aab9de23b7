"""The forward pass of a classifier over ids, with its vocabulary projected once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.artifact import TABLE, LayerSpec, NetworkSpec, layer_names
from bothways.kernels import Precision
from bothways.runtime._lookahead import read_ahead

Floats = NDArray[np.float32]

# Sequences computed at a time: enough to fill the threads, few enough that the outputs of
# all their tokens, and what layers above the first project from these, stay small.
_SEQUENCES, _SEQUENCES_OF_LAYERS = 512, 64


class Network:
    """Ids to scores with frozen weights.

    The input half of the first layer's gates depends on the token alone, so it is computed
    once for each word of the vocabulary here, `V * D * 4H` floats; predicting with one layer
    then has no input product. The outputs of the last layer are pooled as they come, so that
    memory does not grow with the length of a text; only where two directions are merged before
    a maximum, or multiplied, between layers, and where a reader looks ahead, are they all
    there at once.

    `tensors`: those that `NetworkSpec.tensor_shapes` names. With `precision="bf16"` the layers
    multiply numbers rounded to bfloat16. `logits` are divided by
    `temperature`. The scores of a text have the same bits alone, in any batch, in any order and on
    any number of threads.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        tensors: Mapping[str, Floats],
        *,
        precision: Precision = "f32",
        temperature: float = 1.0,
    ) -> None:
        self.spec, self._stack = spec, spec.stack
        self.temperature = np.float32(temperature)
        self.precision: Precision = precision
        layers = [tuple(tensors[name] for name in layer_names(k)) for k in range(spec.layers)]
        self.inputs = [(kernel, bias) for kernel, _, bias in layers]
        self.recurrent = [kernels.Recurrent(recurrent) for _, recurrent, _ in layers]
        self.projected = kernels.project(tensors[TABLE], *self.inputs[0], precision=precision)
        # Each direction of the first layer alone, for readers that do not go side by side.
        first = self.recurrent[0].weights
        self.readers = tuple(kernels.Recurrent(first[d : d + 1]) for d in range(len(first)))
        self.dense = tensors["dense.kernel"], tensors["dense.bias"]

    def features(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """What the dense layer reads, `(N, F)`, from ids `(T,)` int32."""
        pooled_at_once = self.spec.layers == 1 and self.spec.lookahead is None
        size = _SEQUENCES if pooled_at_once else _SEQUENCES_OF_LAYERS
        if 0 < len(ids) <= size:
            return self._pooled(ids, threads)
        parts = [
            self._pooled(ids.slice(start, start + size), threads)
            for start in range(0, len(ids), size)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.spec.width), np.float32)

    def logits(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """Scores before the sigmoid or softmax, `(N, outputs)`."""
        return self.logits_of(self.features(ids, threads=threads), threads=threads)

    def logits_of(self, features: Floats, *, threads: int | None = None) -> Floats:
        """`logits` from what `features` gave, `(N, F)`."""
        logits = kernels.project(features, *self.dense, threads=threads)
        return logits / self.temperature

    def probabilities(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """The probability of each label, `(N, C)`; rows sum to one, but for several labels."""
        return self.probabilities_of(self.features(ids, threads=threads), threads=threads)

    def probabilities_of(self, features: Floats, *, threads: int | None = None) -> Floats:
        """`probabilities` from what `features` gave, `(N, F)`."""
        logits = self.logits_of(features, threads=threads)
        if self.spec.multilabel:
            return kernels.sigmoid(logits)
        if self.spec.outputs > 1:
            return kernels.softmax(logits)
        second = kernels.sigmoid(logits)
        return np.concatenate([1 - second, second], axis=1)

    def outputs(self, ids: Ragged, *, threads: int | None = None) -> Floats:
        """The state of each direction of the last layer after each token, `(T, D * H)`,
        forward first."""
        if self.spec.lookahead is not None:
            return read_ahead(
                *(self.projected, ids.offsets, self.readers, self.spec.lookahead),
                index=ids.values,
                precision=self.precision,
                threads=threads,
            )
        output = self._run(ids, threads, sequences=True).output
        assert output is not None
        return output

    def _run(
        self,
        ids: Ragged,
        threads: int | None,
        *,
        sequences: bool = False,
        pool: Literal["mean", "max"] | None = None,
    ) -> kernels.LstmStates:
        """The states of the last layer; all its outputs only if `sequences`."""
        states, last = None, self.spec.layers - 1
        projected: Floats = self.projected
        index: NDArray[np.int32] | None = ids.values
        for k, recurrent in enumerate(self.recurrent):
            if states is not None:
                projected, index = self._project(k, states, threads), None
            states = kernels.lstm(
                *(projected, ids.offsets, recurrent),
                index=index,
                sequences=sequences or k < last,
                pool=pool if k == last else None,
                precision=self.precision,
                threads=threads,
            )
        assert states is not None
        return states

    def _project(self, k: int, below: kernels.LstmStates, threads: int | None) -> Floats:
        assert below.output is not None
        merged = merge_directions(below.output, self._stack[k - 1])
        return kernels.project(merged, *self.inputs[k], precision=self.precision, threads=threads)

    def _pooled(self, ids: Ragged, threads: int | None) -> Floats:
        spec, pooling = self.spec, self.spec.pooling
        if pooling == "last":
            h_n = self._run(ids, threads).h_n
            return merge_directions(np.concatenate(h_n, axis=1), spec)
        joined = not spec.bidirectional or spec.merge == "concat"
        joined = joined or (pooling == "mean" and spec.merge != "mul")  # mean of sums, sum of means
        if joined and spec.lookahead is None:
            pooled = self._run(ids, threads, pool="mean" if pooling == "mean" else "max").pooled
            assert pooled is not None
            pooled = merge_directions(pooled, spec)
            return self._at_least_zero(pooled, ids.offsets)
        return self.pool_outputs(self.outputs(ids, threads=threads), ids.offsets)

    def pool_outputs(self, output: Floats, offsets: NDArray[np.int64]) -> Floats:
        """`features` from `outputs`, pooled over time: a maximum or mean."""
        merged = merge_directions(output, self.spec)
        if self.spec.pooling == "mean":
            return kernels.mean_forward(merged, offsets)
        return self._at_least_zero(kernels.max_forward(merged, offsets)[0], offsets)

    def _at_least_zero(self, pooled: Floats, offsets: NDArray[np.int64]) -> Floats:
        """The maxima of a text that is short enough, see `NetworkSpec.zero_under`; in place."""
        if self.spec.zero_under:
            shorter = np.diff(offsets) < self.spec.zero_under
            np.maximum(pooled, 0, out=pooled, where=shorter[:, None])
        return pooled


def merge_directions(both: Floats, spec: LayerSpec | NetworkSpec) -> Floats:
    """Join what two directions know, side by side in `(..., 2H)`, as `bothways.nn` does."""
    if not spec.bidirectional or spec.merge == "concat":
        return both
    forward, backward = both[..., : spec.hidden_size], both[..., spec.hidden_size :]
    if spec.merge == "sum":
        return forward + backward
    if spec.merge == "mul":
        return forward * backward
    return (forward + backward) / np.float32(2)
