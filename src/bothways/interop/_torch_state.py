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
            state |= dict(zip(_names(n, k, d), arrays, strict=True))
    state["dense.weight"] = tensors["dense.kernel"].T
    state["dense.bias"] = tensors["dense.bias"]
    return {name: np.ascontiguousarray(array) for name, array in state.items()}


def tensors_of(n: NetworkSpec, state: Tensors) -> dict[str, Floats]:
    """The inverse of `state_dict`, of whatever shape the arrays are. Modules without biases have
    biases of zero."""
    tensors = {TABLE: state["embedding.weight"]}
    for k, layer in enumerate(n.stack):
        kernels, recurrents, biases = [], [], []
        for d in range(layer.directions):
            ih, hh, *of_gates = _names(n, k, d)
            zero = np.zeros(len(state[ih]), np.float32)
            kernels.append(state[ih].T)
            recurrents.append(state[hh].T)
            biases.append(sum((state.get(name, zero) for name in of_gates), zero))
        kernel, recurrent, bias = layer_names(k)
        tensors[kernel] = np.concatenate(kernels, axis=1)
        tensors[recurrent] = np.stack(recurrents)
        tensors[bias] = np.concatenate(biases)
    tensors["dense.kernel"] = state["dense.weight"].T
    tensors["dense.bias"] = state.get("dense.bias", np.zeros(n.outputs, np.float32))
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


def _names(n: NetworkSpec, layer: int, direction: int) -> list[str]:
    """The names of a direction of a layer: `lstm.weight_ih_l1_reverse`, or, where each layer is a
    module of its own, `lstm.1.weight_ih_l0_reverse`."""
    place = f"{layer}." if n.lower_layers else ""
    end = f"_l{0 if n.lower_layers else layer}{'_reverse' if direction else ''}"
    return [f"lstm.{place}{what}{end}" for what in _PARTS]


_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
