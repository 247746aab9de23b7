"""From the weights of Keras's layers to the tensors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, layer_names
from bothways.errors import ArtifactError
from bothways.interop._hdf5 import Arrays
from bothways.interop._keras_graph import Node
from bothways.interop._keras_layers import Parts
from bothways.interop._keras_pool import DOWN

Floats = NDArray[np.float32]


def tensors_of(parts: Parts, tokens: int, arrays: Arrays) -> dict[str, Floats]:
    """The weights by the names of ours; of the embedding the rows of `tokens` ids.

    Gates come in the same order, i, f, c, o; directions lie side by side. Raises `ArtifactError`
    where a shape is not what the options state.
    """
    config = parts.embedding.config
    shape = config["input_dim"], config["output_dim"]
    tensors = {TABLE: arrays.take(f"{parts.embedding.weights}/vars", shape)[0][:tokens]}
    width = config["output_dim"]
    for place, (node, layer) in enumerate(parts.layers):
        directions = [_direction(node, part, width, arrays) for part in _parts_of(node)]
        kernels, recurrents, biases = zip(*directions, strict=True)
        names = layer_names(place)
        tensors[names[0]] = np.concatenate(kernels, axis=1)
        tensors[names[1]] = np.stack(recurrents)
        tensors[names[2]] = np.concatenate(biases)
        width = layer.width
    dense = parts.dense
    biased = [(parts.units,)] if dense.config.get("use_bias", True) else []
    kernel, *bias = arrays.take(f"{dense.weights}/vars", (width, parts.units), *biased)
    tensors["dense.kernel"] = kernel
    tensors["dense.bias"] = bias[0] if bias else np.zeros(parts.units, np.float32)
    if parts.padding is not None:
        path = f"{parts.padding.weights}/vars"
        (down,) = arrays.take(path, (config["input_dim"], 1))
        if down[0, 0] > -DOWN or down[1:].any():
            raise ArtifactError(f"its weights {path} do not tell tokens from padding")
    return tensors


def _parts_of(node: Node) -> list[tuple[str, Mapping[str, Any]]]:
    """Where the weights of each direction are, and its options."""
    if node.kind == "LSTM":
        return [("", node.config)]
    names = (("/forward_layer", "layer"), ("/backward_layer", "backward_layer"))
    return [(part, node.config[key]["config"]) for part, key in names]


def _direction(
    node: Node, part: tuple[str, Mapping[str, Any]], width: int, arrays: Arrays
) -> tuple[Floats, Floats, Floats]:
    where, config = part
    gates = 4 * config["units"]
    biased = [(gates,)] if config.get("use_bias", True) else []
    kernel, recurrent, *bias = arrays.take(
        f"{node.weights}{where}/cell/vars", (width, gates), (config["units"], gates), *biased
    )
    return kernel, recurrent, bias[0] if bias else np.zeros(gates, np.float32)
