"""Our tensors under the names and in the layout of PyTorch's modules, and back.

`nn.LSTM` keeps a matrix for each layer and direction, `weight_ih_l0` `(4H, I)`, `weight_hh_l0`
`(4H, H)`, gates in the order i, f, g, o, as ours, and two biases that it adds:
https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, NetworkSpec, layer_names

Floats = NDArray[np.float32]
Tensors = Mapping[str, Floats]


def state_dict(n: NetworkSpec, tensors: Tensors) -> dict[str, Floats]:
    """The state of `embedding`, an `nn.Embedding`, `lstm`, and `dense`, an `nn.Linear`.

    `lstm` is an `nn.LSTM`, or an `nn.ModuleList` of one for each layer where these differ. Our
    one bias is `bias_ih`; `bias_hh` is zero.
    """
    state = {"embedding.weight": tensors[TABLE]}
    for k, layer in enumerate(n.stack):
        kernel, recurrent, bias = (tensors[name] for name in layer_names(k))
        for d in range(layer.directions):
            gates = slice(d * 4 * layer.hidden_size, (d + 1) * 4 * layer.hidden_size)
            arrays = kernel[:, gates].T, recurrent[d].T, bias[gates], np.zeros_like(bias[gates])
            state |= dict(zip(names_of(n, k, d), arrays, strict=True))
    state["dense.weight"] = tensors["dense.kernel"].T
    state["dense.bias"] = tensors["dense.bias"]
    return {name: np.ascontiguousarray(array) for name, array in state.items()}


def tensors_of(n: NetworkSpec, state: Tensors) -> dict[str, Floats]:
    """The inverse of `state_dict`."""
    tensors = {TABLE: state["embedding.weight"]}
    for k, layer in enumerate(n.stack):
        parts = [[state[x] for x in names_of(n, k, d)] for d in range(layer.directions)]
        kernel, recurrent, bias = layer_names(k)
        tensors[kernel] = np.concatenate([ih.T for ih, *_ in parts], axis=1)
        tensors[recurrent] = np.stack([hh.T for _, hh, *_ in parts])
        with np.errstate(over="ignore"):  # what is not finite then is refused
            tensors[bias] = np.concatenate([b_ih + b_hh for *_, b_ih, b_hh in parts])
    tensors["dense.kernel"] = state["dense.weight"].T
    tensors["dense.bias"] = state["dense.bias"]
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


def state_shapes(n: NetworkSpec, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor of `state_dict`."""
    width = n.embedding_dim
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocabulary_size, width)}
    for k, layer in enumerate(n.stack):
        gates, h = 4 * layer.hidden_size, layer.hidden_size
        for d in range(layer.directions):
            of_parts = (gates, width), (gates, h), (gates,), (gates,)
            shapes |= dict(zip(names_of(n, k, d), of_parts, strict=True))
        width = layer.width
    return shapes | {"dense.weight": (n.outputs, width), "dense.bias": (n.outputs,)}


def names_of(n: NetworkSpec, layer: int, direction: int) -> list[str]:
    """The names of the matrices and biases of a direction of a layer.

    They are like `lstm.weight_ih_l1_reverse`, or, where each layer is a module of its own,
    `lstm.1.weight_ih_l0_reverse`.
    """
    place = f"{layer}." if n.lower_layers else ""
    end = f"_l{0 if n.lower_layers else layer}{'_reverse' if direction else ''}"
    return [f"lstm.{place}{what}{end}" for what in _PARTS]


_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
