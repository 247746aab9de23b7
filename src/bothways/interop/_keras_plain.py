"""What a Keras model answers, computed from its file in plain NumPy and float64.

Layer by layer on padded ids with masks, as Keras's documentation and code state it, and knowing
nothing of our parts: an import is compared with this. It is slow and never optimised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.interop._hdf5 import Arrays
from bothways.interop._keras_graph import Graph, Node
from bothways.interop._keras_options import NOTHING_AT_PREDICTION
from bothways.interop._padded import padded_batches

Array = NDArray[np.float64]
# What a layer gives: its output, and which steps of it are no padding, `(N, L)`.
Masked = tuple[Any, NDArray[np.bool_] | None]


class PlainKeras:
    """The model of `graph` with the weights of `arrays`, which is read once, here.

    Raises `ArtifactError` where a layer's weights are not of the shape that its options state.
    """

    def __init__(self, graph: Graph, arrays: Arrays) -> None:
        self._graph = graph
        self._weights: dict[str, list[Any]] = {}
        width: dict[str, int] = {}
        for name, node in graph.nodes.items():
            read = [width[other] for other in node.inputs if other in width]
            self._weights[name], width[name] = _weights(node, read[0] if read else 1, arrays)

    def answer(self, ids: Ragged, length: int | None = None) -> Array:
        """What the model gives for `N` texts, `(N, outputs)`, filled up to `length`, or, if that
        changes nothing, as far as need be."""
        batches = list(padded_batches(ids, length))
        answers = np.concatenate([self._run(padded) for _, padded in batches])
        return answers[np.argsort(np.concatenate([texts for texts, _ in batches]))]

    def _run(self, ids: NDArray[np.int32]) -> Array:
        given: dict[str, Masked] = {}
        for name, node in self._graph.nodes.items():  # each after what it reads
            read = [given[other] for other in node.inputs] or [(ids, None)]
            layer = _LAYERS.get(node.kind, _same)
            given[name] = layer(node.config, self._weights[name], *read)
        return given[self._graph.output][0]


def _weights(node: Node, width: int, arrays: Arrays) -> tuple[list[Any], int]:
    """The arrays of a layer that reads `width` numbers a step, and how many it gives."""
    c = node.config
    if node.kind == "Embedding":
        shape = c["input_dim"], c["output_dim"]
        return _wide(arrays.take(f"{node.weights}/vars", shape)), c["output_dim"]
    if node.kind == "LSTM":
        return _lstm_weights(c, width, f"{node.weights}/cell/vars", arrays), c["units"]
    if node.kind == "Bidirectional":
        both = [
            _lstm_weights(c[key]["config"], width, f"{node.weights}/{part}/cell/vars", arrays)
            for key, part in (("layer", "forward_layer"), ("backward_layer", "backward_layer"))
        ]
        units = c["layer"]["config"]["units"]
        return both, 2 * units if c.get("merge_mode", "concat") == "concat" else units
    if node.kind == "Dense":
        biases = [(c["units"],)] if c.get("use_bias", True) else []
        return _wide(arrays.take(f"{node.weights}/vars", (width, c["units"]), *biases)), c["units"]
    return [], width


def _lstm_weights(c: Mapping[str, Any], width: int, path: str, arrays: Arrays) -> list[Array]:
    units = c["units"]
    biases = [(4 * units,)] if c.get("use_bias", True) else []
    return _wide(arrays.take(path, (width, 4 * units), (units, 4 * units), *biases))


def _wide(arrays: list[NDArray[np.float32]]) -> list[Array]:
    return [array.astype(np.float64) for array in arrays]


def _same(c: Mapping[str, Any], weights: Any, read: Masked, *others: Masked) -> Masked:
    return read


def _embedding(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    ids, mask = read
    return weights[0][ids], ids != 0 if c.get("mask_zero", False) else mask


def _lstm(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    """The states of every step, or the last; where a step is masked the state stays, and what
    is given there is the state, or zeros if `zero_output_for_mask`."""
    x, mask = read
    steps = range(x.shape[1])
    kernel, recurrent, *bias = weights
    projected = x @ kernel + (bias[0] if bias else 0)
    h = c_state = np.zeros((len(x), c["units"]))
    outputs = []
    for step in reversed(steps) if c.get("go_backwards", False) else steps:
        i, f, g, o = np.split(projected[:, step] + h @ recurrent, 4, axis=1)
        new_c = _sigmoid(f) * c_state + _sigmoid(i) * np.tanh(g)
        new_h = _sigmoid(o) * np.tanh(new_c)
        here = np.ones((len(x), 1), bool) if mask is None else mask[:, step, None]
        h, c_state = np.where(here, new_h, h), np.where(here, new_c, c_state)
        outputs.append(np.where(here, h, 0) if c.get("zero_output_for_mask", False) else h)
    if c.get("return_sequences", False):
        return np.stack(outputs, axis=1), mask
    return outputs[-1], None


def _bidirectional(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    sequences = c["layer"]["config"].get("return_sequences", False)
    both = []
    for key, its in zip(("layer", "backward_layer"), weights, strict=True):
        options = {**c[key]["config"], "zero_output_for_mask": sequences}
        both.append(_lstm(options, its, read)[0])
    forward, backward = both[0], np.flip(both[1], axis=1) if sequences else both[1]
    merged: dict[str, Callable[[], Array]] = {
        "concat": lambda: np.concatenate([forward, backward], axis=-1),
        "sum": lambda: forward + backward,
        "ave": lambda: (forward + backward) / 2,
        "mul": lambda: forward * backward,
    }
    return merged[c.get("merge_mode", "concat")](), read[1] if sequences else None


def _maximum(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    return read[0].max(axis=1), None  # of the padding as well


def _average(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    x, mask = read
    if mask is None:
        return x.mean(axis=1), None
    with np.errstate(invalid="ignore"):  # a text without a token gives NaN, in Keras too
        return np.where(mask[..., None], x, 0).sum(axis=1) / mask.sum(axis=1, keepdims=True), None


def _dense(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    x = read[0] @ weights[0] + (weights[1] if len(weights) > 1 else 0)
    return ACTIVATIONS[c.get("activation") or "linear"](x), read[1]


def _activation(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    return ACTIVATIONS[c["activation"]](read[0]), read[1]


def _softmax_layer(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    return _softmax(read[0], c.get("axis", -1)), read[1]


def _dot(c: Mapping[str, Any], weights: Any, first: Masked, second: Masked) -> Masked:
    return np.einsum("nti,ntj->nij", first[0], second[0]), None


def _flatten(c: Mapping[str, Any], weights: Any, read: Masked) -> Masked:
    return read[0].reshape(len(read[0]), -1), None


def _sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(x / 2)


def _softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}
_LAYERS: dict[str, Callable[..., Masked]] = {
    **dict.fromkeys(NOTHING_AT_PREDICTION, _same),
    "Embedding": _embedding,
    "LSTM": _lstm,
    "Bidirectional": _bidirectional,
    "GlobalMaxPooling1D": _maximum,
    "GlobalAveragePooling1D": _average,
    "Dense": _dense,
    "Activation": _activation,
    "Softmax": _softmax_layer,
    "Add": lambda c, w, a, b: (a[0] + b[0], a[1]),
    "Subtract": lambda c, w, a, b: (a[0] - b[0], a[1]),
    "Dot": _dot,
    "Flatten": _flatten,
    "NotEqual": _same,
}
