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
    """The state of `embedding`, an `nn.Embedding`, `lstm`, an `nn.LSTM`, and `dense`, an
    `nn.Linear`. Our one bias is `bias_ih`; `bias_hh` is zero."""
    state = {"embedding.weight": tensors[TABLE]}
    for layer in range(n.layers):
        kernel, recurrent, bias = (tensors[name] for name in layer_names(layer))
        for d in range(n.directions):
            end = suffix(layer, d)
            gates = slice(d * 4 * n.hidden_size, (d + 1) * 4 * n.hidden_size)
            state[f"lstm.weight_ih{end}"] = kernel[:, gates].T
            state[f"lstm.weight_hh{end}"] = recurrent[d].T
            state[f"lstm.bias_ih{end}"] = bias[gates]
            state[f"lstm.bias_hh{end}"] = np.zeros_like(bias[gates])
    state["dense.weight"] = tensors["dense.kernel"].T
    state["dense.bias"] = tensors["dense.bias"]
    return {name: np.ascontiguousarray(array) for name, array in state.items()}


def layer_tensors(lstm: Mapping[str, Floats], layers: int, directions: int) -> dict[str, Floats]:
    """The LSTM's tensors of ours from those of an `nn.LSTM`, by their names in it. An `nn.LSTM`
    without biases has biases of zero."""
    tensors: dict[str, Floats] = {}
    for layer in range(layers):
        ends = [suffix(layer, d) for d in range(directions)]
        columns = len(lstm[f"weight_ih{ends[0]}"])
        zeros = np.zeros(columns, np.float32)
        biases = [
            lstm.get(f"bias_ih{end}", zeros) + lstm.get(f"bias_hh{end}", zeros) for end in ends
        ]
        kernel, recurrent, bias = layer_names(layer)
        tensors[kernel] = np.concatenate([lstm[f"weight_ih{end}"].T for end in ends], axis=1)
        tensors[recurrent] = np.stack([lstm[f"weight_hh{end}"].T for end in ends])
        tensors[bias] = np.concatenate(biases)
    return tensors


def suffix(layer: int, direction: int) -> str:
    """How PyTorch ends the names of a layer's tensors: `_l0`, `_l0_reverse`, `_l1`."""
    return f"_l{layer}{'_reverse' if direction else ''}"
