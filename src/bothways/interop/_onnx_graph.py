"""The network as an ONNX graph.

    ids (batch, time) int32, lengths (batch,) int32  ->  probabilities (batch, C) float32

Written in operator set 13, which every ONNX Runtime since 1.6 (2020) runs. Operators:
https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, NetworkSpec, Spec, layer_names
from bothways.errors import require

OPERATORS, FILE_FORMAT = 13, 7
"""The operator set, and the version of the file format (IR) that came with it."""

Tensors = Mapping[str, NDArray[np.float32]]

# The kernels' gates are input, forget, cell, output; ONNX has input, output, forget, cell.
_GATES = [0, 3, 1, 2]


class Graph:
    """Nodes and constants, each with a name, in the order in which they are computed."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._onnx = require("onnx", extra="onnx", purpose="export to ONNX")

    def add(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; the name of what it gives, or a list of names."""
        names = [f"{operator.lower()}_{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(self._onnx.helper.make_node(operator, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value: Any, dtype: type = np.int64) -> str:
        """Add an array; its name."""
        name = f"constant_{len(self.constants)}"
        array: NDArray[Any] = np.ascontiguousarray(value, dtype)
        self.constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name


def network(g: Graph, spec: Spec, tensors: Tensors) -> str:
    """Add the network of `spec` to `g`, over inputs `ids` and `lengths`; the name of its result.

    What `ids` holds from a text's length on is not read. An unmasked network reads zeros in its
    place, up to `output_sequence_length`, as it was trained to.
    """
    n = spec.network
    # A spare row or step where there is none: ONNX Runtime aborts the process on an LSTM
    # without sequences.
    least = 1 if n.mask else spec.vectorizer.output_sequence_length
    shape = g.add("Shape", "ids")
    zero = g.constant([0])
    spare = g.add("Max", g.add("Sub", g.constant([1, least]), shape), zero)
    ids = g.add("Pad", "ids", g.add("Concat", zero, zero, spare, axis=0))
    of_batch = g.add("Slice", spare, zero, g.constant([1]))
    lengths = g.add("Pad", "lengths", g.add("Concat", zero, of_batch, axis=0))

    ids = g.add("Transpose", ids, perm=[1, 0])  # ONNX's LSTM has time first
    within = _within(g, ids, lengths)
    ids = g.add("Where", within, ids, g.constant(0, np.int32))
    if not n.mask:
        full = g.add("Slice", g.add("Shape", ids), zero, g.constant([1]))
        lengths = g.add("Expand", g.add("Cast", full, to=_INT32), g.add("Shape", lengths))
        within = _within(g, ids, lengths)
    x = g.add("Gather", g.constant(tensors[TABLE], np.float32), ids)
    for k, layer in enumerate(n.stack):
        outputs, last = _lstm(g, x, lengths, tensors, k)
        x = _merged(g, outputs, 1, layer.directions, layer.merge)
    if n.pooling == "last":
        features = _merged(g, last, 0, n.directions, n.merge)
    else:
        features = _pooled(g, x, g.add("Unsqueeze", within, g.constant([2])), lengths, n)
    scores = g.add("MatMul", features, g.constant(tensors["dense.kernel"], np.float32))
    scores = g.add("Add", scores, g.constant(tensors["dense.bias"], np.float32))
    if spec.temperature != 1:
        scores = g.add("Div", scores, g.constant(spec.temperature, np.float32))
    rows = g.add("Slice", shape, zero, g.constant([1]))
    return g.add("Slice", _probabilities(g, scores, spec), zero, rows, zero)


_INT32 = 6  # TensorProto.INT32


def _within(g: Graph, ids: str, lengths: str) -> str:
    """Whether each place of `ids (time, batch)` lies within its text, bool."""
    time = g.add("Squeeze", g.add("Slice", g.add("Shape", ids), *map(g.constant, ([0], [1]))))
    steps = g.add("Range", g.constant(0), time, g.constant(1))
    steps = g.add("Cast", g.add("Unsqueeze", steps, g.constant([1])), to=_INT32)
    return g.add("Less", steps, lengths)


def _lstm(g: Graph, x: str, lengths: str, tensors: Tensors, layer: int) -> tuple[str, str]:
    """All states `(time, D, batch, H)` of a layer and the last `(D, batch, H)`.

    Each direction reads a text's own steps alone, and gives zeros where there are none.
    """
    kernel, recurrent, bias = (tensors[name] for name in layer_names(layer))
    D, H, _ = recurrent.shape
    kernel = kernel.reshape(-1, D, 4, H)[:, :, _GATES].transpose(1, 2, 3, 0).reshape(D, 4 * H, -1)
    recurrent = recurrent.reshape(D, H, 4, H)[:, :, _GATES].transpose(0, 2, 3, 1)
    bias = np.pad(bias.reshape(D, 4, H)[:, _GATES].reshape(D, 4 * H), ((0, 0), (0, 4 * H)))
    weights = kernel, recurrent.reshape(D, 4 * H, H), bias
    outputs, last = g.add(
        "LSTM",
        *(x, *(g.constant(w, np.float32) for w in weights), lengths),
        outputs=2,
        hidden_size=H,
        direction="bidirectional" if D == 2 else "forward",
    )
    return outputs, last


def _merged(g: Graph, states: str, axis: int, directions: int, merge: str) -> str:
    """The states of the directions along `axis` as one."""
    along = g.constant([axis])
    if directions == 1:
        return g.add("Squeeze", states, along)
    both = [g.add("Squeeze", s, along) for s in g.add("Split", states, outputs=2, axis=axis)]
    if merge == "concat":
        return g.add("Concat", *both, axis=-1)
    joined = g.add("Mul" if merge == "mul" else "Add", *both)
    return g.add("Div", joined, g.constant(2, np.float32)) if merge == "ave" else joined


def _pooled(g: Graph, x: str, within: str, lengths: str, n: NetworkSpec) -> str:
    """The mean or the maximum of `x (time, batch, F)` over each text's own steps."""
    count = g.add("Unsqueeze", lengths, g.constant([1]))
    zero = g.constant(0, np.float32)
    if n.pooling == "mean":
        kept = g.add("Where", within, x, zero)
        divisor = g.add("Cast", g.add("Max", count, g.constant(1, np.int32)), to=_FLOAT)
        return g.add("Div", g.add("ReduceSum", kept, g.constant([0]), keepdims=0), divisor)
    kept = g.add("Where", within, x, g.constant(-np.inf, np.float32))
    largest = g.add("ReduceMax", kept, axes=[0], keepdims=0)
    some = g.add("Greater", count, g.constant(0, np.int32))
    largest = g.add("Where", some, largest, zero)
    if n.zero_under:
        short = g.add("Less", count, g.constant(n.zero_under, np.int32))
        largest = g.add("Where", short, g.add("Max", largest, zero), largest)
    return largest


_FLOAT = 1  # TensorProto.FLOAT


def _probabilities(g: Graph, scores: str, spec: Spec) -> str:
    if spec.network.multilabel:
        return g.add("Sigmoid", scores)
    if spec.network.outputs > 1:
        return g.add("Softmax", scores, axis=1)
    second = g.add("Sigmoid", scores)
    return g.add("Concat", g.add("Sub", g.constant(1, np.float32), second), second, axis=1)
