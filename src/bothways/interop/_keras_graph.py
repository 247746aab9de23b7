"""The layers of a Keras model and what each reads, from its `config.json` (Keras 3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bothways.errors import ArtifactError, listed
from bothways.interop._keras_options import check_options

# Layers of ours whose weights and meaning are those of Keras's layers of the same name.
_OURS = ("LSTM", "Bidirectional")


class Node(NamedTuple):
    """A layer: its unique name, its class, its options, the names of the layers it reads, the
    path of its weights in the file, and the name of the layer that is stated as its mask."""

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...]
    weights: str
    mask: str | None = None


class Graph(NamedTuple):
    """A model of one input and one output: its layers by name, in the file's order."""

    nodes: Mapping[str, Node]
    output: str

    def read_by(self, node: Node, *kinds: str | None) -> list[Node] | None:
        """The layers that `node` reads, if they are of these kinds (None: of any)."""
        read = [self.nodes[name] for name in node.inputs]
        same = len(read) == len(kinds)
        fits = same and all(k in (None, n.kind) for k, n in zip(kinds, read, strict=True))
        return read if fits else None


def parse_graph(document: Mapping[str, Any]) -> Graph:
    """The graph of a Sequential or Functional model; every option of every layer is known.

    Raises `ArtifactError` naming the layer or option that is not.
    """
    kind, config = document.get("class_name"), document.get("config")
    if kind not in ("Sequential", "Functional") or not _is_keras(document):
        raise ArtifactError(
            f"its model is {_of(document)}, expected a Sequential or Functional one of Keras"
        )
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(layers, list) or not layers:
        raise ArtifactError("its model has no layers")
    return _sequential(layers) if kind == "Sequential" else _functional(config, layers)


def _sequential(layers: list[Any]) -> Graph:
    nodes: dict[str, Node] = {}
    before: tuple[str, ...] = ()
    # The list of a Sequential model's weights goes without its input.
    for layer, key in _with_keys(layers, skip=("InputLayer",)):
        node = _node(layer, before, key)
        if node.name in nodes:
            raise ArtifactError(f"its layer {node.name!r} is there twice")
        nodes[node.name] = node
        before = (node.name,)
    return Graph(nodes, before[0])


def _functional(config: Mapping[str, Any], layers: list[Any]) -> Graph:
    nodes: dict[str, Node] = {}
    for layer, key in _with_keys(layers, skip=()):
        calls = layer.get("inbound_nodes")
        name = layer["config"].get("name")
        if not isinstance(calls, list) or len(calls) > 1:
            raise ArtifactError(f"its layer {name!r} is used in several places, expected one")
        inputs, mask = _inputs(name, layer["class_name"], calls[0]) if calls else ((), None)
        node = _node(layer, inputs, key)._replace(mask=mask)
        if node.name in nodes:
            raise ArtifactError(f"its layer {node.name!r} is there twice")
        for other in inputs:
            if other not in nodes:
                raise ArtifactError(f"its layer {node.name!r} reads {other!r}, which is not there")
        nodes[node.name] = node
    ends = [_end(config, key) for key in ("input_layers", "output_layers")]
    if not set(ends) <= set(nodes) or nodes[ends[0]].kind != "InputLayer":
        raise ArtifactError("its inputs or outputs are not among its layers")
    return Graph(nodes, ends[1])


def _with_keys(layers: list[Any], skip: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each layer, and where Keras puts its weights: by its class, and how many came before."""
    seen: Counter[str] = Counter()
    for layer in layers:
        good = isinstance(layer, dict) and isinstance(layer.get("config"), dict)
        if not good or not isinstance(layer.get("class_name"), str):
            raise ArtifactError("one of its layers has no class and options")
        kind = layer["class_name"]
        if kind in skip or ".ops." in str(layer.get("module")):  # an operation has no weights
            yield layer, ""
            continue
        snake = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", snake).lower()
        yield layer, f"layers/{snake}{f'_{seen[snake]}' if seen[snake] else ''}"
        seen[snake] += 1


def _node(layer: dict[str, Any], inputs: tuple[str, ...], key: str) -> Node:
    kind, config = layer["class_name"], layer["config"]
    name = config.get("name")
    if not isinstance(name, str):
        raise ArtifactError(f"one of its layers, {kind[:60]!r}, has no name")
    what = f"its layer {name[:60]!r}"
    if not _is_keras(layer):
        raise ArtifactError(f"{what} is {_of(layer)}, which is not Keras's own")
    check_options(what, kind, config)
    if kind == "Bidirectional":
        for part in ("layer", "backward_layer"):
            _check_inner(f"{what}: its {part}", config.get(part))
    return Node(name, kind, config, inputs, key)


def _check_inner(what: str, inner: Any) -> None:
    if not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
        raise ArtifactError(f"{what} has no class and options")
    if inner.get("class_name") != "LSTM" or not _is_keras(inner):
        raise ArtifactError(f"{what} is {_of(inner)}, expected an LSTM of Keras")
    check_options(what, "LSTM", inner["config"])


def _inputs(name: str, kind: str, call: Any) -> tuple[tuple[str, ...], str | None]:
    """The layers that a call reads, and the one that is stated as its mask."""
    args, kwargs = (call.get(k) for k in ("args", "kwargs")) if isinstance(call, dict) else (0, 0)
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise ArtifactError(f"its layer {name!r} does not state what it reads")
    mask = None
    for key, value in kwargs.items():
        if key == "mask" and value is not None:
            mask = _reference(value)
        elif not (value is None or (key == "training" and value is False)):
            raise ArtifactError(f"its layer {name!r} is called with {key}, which is not understood")
    if kind == "NotEqual":  # the mask of an Embedding: which ids are not zero
        if len(args) != 2 or type(args[1]) is not int or args[1] != 0:
            raise ArtifactError(f"its layer {name!r} compares with something else than zero")
        args = args[:1]
    flat = [item for arg in args for item in (arg if isinstance(arg, list) else [arg])]
    return tuple(_reference(item) for item in flat), mask


def _reference(value: Any) -> str:
    """The name of the layer whose first and only output a tensor in a call is, or `""`."""
    config = value.get("config") if isinstance(value, dict) else None
    history = config.get("keras_history") if isinstance(config, dict) else None
    if not isinstance(history, list) or len(history) != 3 or history[1:] != [0, 0]:
        return ""
    return history[0] if isinstance(history[0], str) else ""


def _end(config: Mapping[str, Any], key: str) -> str:
    """The name of the only input or output layer."""
    value = config.get(key)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        what = key.removesuffix("_layers")
        count = len(value) if isinstance(value, list) else "no"
        raise ArtifactError(f"its model has {count} {what}s, expected one")
    return value[0]


def _is_keras(thing: Mapping[str, Any]) -> bool:
    """Whether a class is Keras's own, or one of ours that stands for it."""
    module, registered = thing.get("module"), thing.get("registered_name")
    kind = thing.get("class_name")
    if registered == f"bothways>{kind}" and kind in _OURS:
        return True
    if registered not in (None, kind) or not isinstance(module, str):
        return False
    return module == "keras" or module.startswith(("keras.layers", "keras.src."))


def _of(thing: Mapping[str, Any]) -> str:
    names = [thing.get("class_name"), thing.get("registered_name") or thing.get("module")]
    return listed([str(name)[:60] for name in names if name is not None]) or "of no class"
