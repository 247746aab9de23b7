"""Which tensors of a stranger's state dict are the embedding, the LSTM and the last layer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArtifactError, listed

Floats = NDArray[np.float32]

# `nn.LSTM`, `nn.GRU` and `nn.RNN` name their weights alike; a name may begin with any module's.
_RECURRENT = re.compile(
    r"(.*?)((?:weight|bias)_(?:ih|hh|hr))_l(0|[1-9]\d{0,2})(_reverse)?", re.DOTALL
)
_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Found(NamedTuple):
    """The state under the names of `state_dict`, and what its names and shapes say of the LSTM."""

    state: dict[str, Floats]
    layers: int
    bidirectional: bool
    hidden_size: int


def find(tensors: Mapping[str, Floats], tokens: Collection[int]) -> Found:
    """One `nn.Embedding`, one `nn.LSTM` and one `nn.Linear`, by the endings and shapes of names.

    Biases that are not there are zero. An embedding has no bias; of several tensors that could be
    one, it is the one with as many rows as one of `tokens`.

    Raises `ArtifactError` naming what is missing, not understood, or could be two things.
    """
    state, layers, bidirectional = _lstm(tensors)
    hidden = state["lstm.weight_hh_l0"].shape[-1]
    others = {name: t for name, t in tensors.items() if _RECURRENT.fullmatch(name) is None}
    embedding, linear = _embedding_and_linear(others, state, bidirectional, tokens)
    state["embedding.weight"] = others.pop(embedding)
    state["dense.weight"] = others.pop(linear)
    outputs = len(state["dense.weight"])
    bias = others.pop(_bias_of(linear), np.zeros(outputs, np.float32))
    state["dense.bias"] = bias
    if others:
        raise ArtifactError(
            f"it also holds {listed(others, 4)}, which belong to no nn.Embedding, nn.LSTM or "
            "nn.Linear of one each"
        )
    return Found(state, layers, bidirectional, hidden)


def _lstm(tensors: Mapping[str, Floats]) -> tuple[dict[str, Floats], int, bool]:
    """The tensors of the LSTM under our names; its layers, and whether it has two directions."""
    state: dict[str, Floats] = {}
    prefixes: dict[str, str] = {}
    for name, tensor in tensors.items():
        match = _RECURRENT.fullmatch(name)
        if match is None:
            continue
        prefix, part, layer, reverse = match.groups(default="")
        if part.endswith("hr"):
            raise ArtifactError(f"its {name[:60]!r} projects the states (proj_size), expected none")
        prefixes.setdefault(prefix, name)
        state[f"lstm.{part}_l{int(layer)}{reverse}"] = tensor
    if not state:
        raise ArtifactError(
            f"it holds no nn.LSTM, whose tensors end in weight_ih_l0, among {listed(tensors, 6)}"
        )
    if len(prefixes) > 1:
        raise ArtifactError(
            f"it holds {len(prefixes)} recurrent modules, to which {listed(prefixes.values(), 4)} "
            "belong, expected one nn.LSTM"
        )
    (first,) = prefixes.values()
    return _whole(state, first)


def _whole(state: dict[str, Floats], first: str) -> tuple[dict[str, Floats], int, bool]:
    """The same with biases of zero where there are none; nothing else may be missing."""
    bidirectional = any(name.endswith("_reverse") for name in state)
    layers = 1 + max(int(re.sub(r"\D", "", name)) for name in state)
    whole: dict[str, Floats] = {}
    for layer in range(min(layers, len(state))):
        for reverse in ("", "_reverse") if bidirectional else ("",):
            names = [f"lstm.{part}_l{layer}{reverse}" for part in _PARTS]
            for name in names[:2]:
                if name not in state:
                    raise ArtifactError(f"the nn.LSTM of its {first[:60]!r} lacks {name[5:]}")
                if state[name].ndim != 2:
                    raise ArtifactError(
                        f"{name[5:]} of its nn.LSTM has shape {state[name].shape}, "
                        "expected two axes"
                    )
            rows, hidden = len(state[names[0]]), state[names[1]].shape[1]
            kind = {hidden: "nn.RNN", 3 * hidden: "nn.GRU"}.get(rows)
            if kind is not None:
                raise ArtifactError(f"its {first[:60]!r} is of an {kind}, expected an nn.LSTM")
            if rows != 4 * hidden:
                raise ArtifactError(
                    f"of its nn.LSTM {names[0][5:]} has {rows} rows, expected {4 * hidden}, as "
                    f"{names[1][5:]} has {hidden} columns"
                )
            whole |= {name: state.pop(name, np.zeros(rows, np.float32)) for name in names}
    if state:
        raise ArtifactError(f"its nn.LSTM also holds {listed((k[5:] for k in state), 4)}")
    return whole, layers, bidirectional


def _embedding_and_linear(
    others: Mapping[str, Floats], lstm: Mapping[str, Floats], both: bool, tokens: Collection[int]
) -> tuple[str, str]:
    """The names of their weights."""
    width = lstm["lstm.weight_ih_l0"].shape[1]
    hidden = lstm["lstm.weight_hh_l0"].shape[1]
    matrices = [k for k, t in others.items() if t.ndim == 2 and k.endswith("weight")]
    tables = [k for k in matrices if _bias_of(k) not in others and others[k].shape[1] == width]
    if len(tables) > 1:
        tables = [k for k in tables if len(others[k]) in tokens] or tables
    embedding = _only(tables, f"nn.Embedding of {width} numbers a token, which the nn.LSTM reads")
    wide = (hidden, 2 * hidden) if both else (hidden,)
    linears = [k for k in matrices if k != embedding and others[k].shape[1] in wide]
    reads = " or ".join(map(str, wide))
    return embedding, _only(
        linears, f"nn.Linear that reads {reads} numbers, which the nn.LSTM gives"
    )


def _only(names: list[str], what: str) -> str:
    if len(names) != 1:
        found = f"{listed(names, 4)} could each be it" if names else "nothing is"
        raise ArtifactError(f"it should hold one {what}, but {found}")
    return names[0]


def _bias_of(weight: str) -> str:
    return f"{weight.removesuffix('weight')}bias"
