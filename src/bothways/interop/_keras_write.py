"""A model as a `.keras` file of stock Keras 3 layers, and a description of its texts beside it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, Spec, layer_names
from bothways.errors import ArgumentError, require
from bothways.interop._compare import both_labels
from bothways.interop._hdf5 import read_arrays
from bothways.interop._keras_config import is_fixed, model_config
from bothways.interop._keras_graph import Graph, Node, parse_graph
from bothways.interop._keras_plain import PlainKeras
from bothways.interop._keras_pool import DOWN
from bothways.interop._keras_run import keras_answers
from bothways.interop._reading import BESIDE, reading
from bothways.runtime import Model

Tensors = Mapping[str, NDArray[np.float32]]

# The oldest version whose files are the same.
_VERSION = "3.12.0"
# The same model has the same bytes: a zip file has no earlier date.
_DATE = (1980, 1, 1, 0, 0, 0)


def encode(spec: Spec, tensors: Tensors, name: str) -> dict[str, bytes]:
    """The Keras file, and beside it how texts become ids and what the answers mean.

    A TextVectorization is not in it, as Keras needs TensorFlow for one. The temperature goes
    into the weights of the last layer. Raises `ArgumentError` for a name that Keras would not
    open, and `MissingExtraError` without h5py.
    """
    if not name.endswith(".keras"):
        raise ArgumentError(f"{name}: is a Keras file, expected a name that ends in .keras")
    document = model_config(spec)
    graph = parse_graph(document)
    members = {
        "metadata.json": json.dumps({"keras_version": _VERSION}).encode(),
        "config.json": json.dumps(document).encode(),
        "model.weights.h5": _weights(graph, spec, tensors),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member, _DATE), data)
    return {name: buffer.getvalue(), name + BESIDE: reading(spec, tensors)}


def answer(
    files: Mapping[str, bytes], name: str, model: Model, texts: Sequence[str]
) -> tuple[NDArray[np.floating[Any]], str]:
    """The probabilities that Keras gives, and its version; where it is not installed, those that
    the file's layers give in plain NumPy."""
    ids, _ = model.vectorizer.encode(texts)
    spec = model.spec
    length = spec.vectorizer.output_sequence_length if is_fixed(spec) else None
    found = keras_answers(files[name], ids, length)
    if found is not None:
        return both_labels(found[0]), found[1]
    with zipfile.ZipFile(io.BytesIO(files[name])) as archive:
        graph = parse_graph(json.loads(archive.read("config.json")))
        plain = PlainKeras(graph, read_arrays(archive.read("model.weights.h5")))
    program = "the file's layers in plain NumPy (Keras is not installed)"
    return both_labels(plain.answer(ids, length)), program


def _weights(graph: Graph, spec: Spec, tensors: Tensors) -> bytes:
    """`model.weights.h5`: an array `0`, `1`, ... for each of a layer's weights."""
    h5py = require("h5py", extra="h5", purpose="writing a Keras file")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_group("vars")
        for node in graph.nodes.values():
            if not node.weights:
                continue
            file.create_group(f"{node.weights}/vars")
            for path, arrays in _arrays(node, spec, tensors):
                group = file.require_group(f"{node.weights}{path}/vars")
                for number, array in enumerate(arrays):
                    group.create_dataset(str(number), data=array)
    return buffer.getvalue()


def _arrays(
    node: Node, spec: Spec, tensors: Tensors
) -> list[tuple[str, list[NDArray[np.float32]]]]:
    """The weights of a layer, by where they are below it."""
    if node.name == "embedding":
        return [("", [tensors[TABLE]])]
    if node.name == "padding":
        down = np.zeros((len(tensors[TABLE]), 1), np.float32)
        down[0] = -DOWN
        return [("", [down])]
    if node.name == "dense":
        temperature = np.float32(spec.temperature)
        return [("", [tensors[f"dense.{what}"] / temperature for what in ("kernel", "bias")])]
    if node.kind not in ("LSTM", "Bidirectional"):
        return []
    kernel, recurrent, bias = (
        tensors[name] for name in layer_names(int(node.name.removeprefix("layer_")))
    )
    directions = len(recurrent)
    parts = ("/cell",) if directions == 1 else ("/forward_layer/cell", "/backward_layer/cell")
    kernels, biases = np.split(kernel, directions, axis=1), np.split(bias, directions)
    return [(part, [kernels[d], recurrent[d], biases[d]]) for d, part in enumerate(parts)]
