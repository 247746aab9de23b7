"""From the layers of a Keras model to the parts of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bothways.artifact import LayerSpec
from bothways.errors import ArtifactError
from bothways.interop._keras_graph import Graph, Node
from bothways.interop._keras_options import NOTHING_AT_PREDICTION
from bothways.interop._keras_pool import MaskedPool, masked_pool

_POOLS = {"GlobalMaxPooling1D": "max", "GlobalAveragePooling1D": "mean"}
_LONGEST = 2**31 - 1


@dataclass
class Parts:
    """What was found, from the input to the output.

    `length` is that of the input, or of what its TextVectorization gives; None if it is free.
    `zeros` says that the maximum is taken of the zeros behind a text as well. `padding` is the
    embedding that tells tokens and padding apart where the pooling needs it.
    """

    embedding: Node
    layers: list[tuple[Node, LayerSpec]]
    dense: Node
    vectorizer: Node | None = None
    pooling: str = "last"
    activation: str = "linear"
    length: int | None = None
    zeros: bool = False
    padding: Node | None = None

    @property
    def masked(self) -> bool:
        """Whether the padding is masked."""
        return bool(self.embedding.config.get("mask_zero", False))

    @property
    def units(self) -> int:
        """`outputs`, those of the dense layer."""
        return self.dense.config["units"]


def find_parts(graph: Graph) -> Parts:
    """The parts of a model that reads ids or texts and gives the scores of labels.

    Raises `ArtifactError` naming the layer that does not fit in its place.
    """
    chain, pool = _chain(graph)
    length, vectorizer, rest = _beginning(chain)
    embedding = _next(rest, ("Embedding",), "an Embedding")
    for name in ("input_dim", "output_dim"):
        _whole(embedding, name)
    layers: list[tuple[Node, LayerSpec]] = []
    while rest and rest[0].kind in ("LSTM", "Bidirectional"):
        node = rest.pop(0)
        layers.append((node, _layer(node)))
    if not layers:
        _next(rest, ("LSTM", "Bidirectional"), "an LSTM or Bidirectional")
    plain = rest.pop(0) if rest and rest[0].kind in _POOLS and pool is None else None
    dense = _next(rest, ("Dense",), "a Dense layer")
    _whole(dense, "units")
    activation = dense.config.get("activation") or "linear"
    if rest and rest[0].kind in ("Activation", "Softmax") and activation == "linear":
        activation = _activation(rest.pop(0))
    if rest:
        raise _unexpected(rest[0], "the end of the model")
    parts = Parts(embedding, layers, dense, vectorizer, activation=activation, length=length)
    _check_sequences(parts, bool(plain or pool))
    _check_masks(parts, graph)
    if plain:
        parts.pooling = _POOLS[plain.kind]
        last = layers[-1][0]
        zeros = _bidirectional(last) or _inner(last).get("zero_output_for_mask", False)
        parts.zeros = parts.pooling == "max" and parts.masked and zeros
    elif pool:
        _check_pool(parts, pool, graph)
        parts.pooling, parts.padding = pool.pooling, pool.padding
    if activation == "softmax" and parts.units == 1:
        raise ArtifactError(
            f"its layer {dense.name!r} has a softmax of one unit, which is always 1"
        )
    return parts


def _chain(graph: Graph) -> tuple[list[Node], MaskedPool | None]:
    """The layers from input to output, without the pooling if it is one of several layers."""
    chain: list[Node] = []
    pool = None
    node = graph.nodes[graph.output]
    for _ in graph.nodes:
        found = None if pool else masked_pool(graph, node)
        if found:
            pool, node = found, found.pooled
            continue
        chain.append(node)
        if not node.inputs:
            return chain[::-1], pool
        if len(node.inputs) > 1:
            raise ArtifactError(
                f"its layer {node.name!r} ({node.kind}) reads {len(node.inputs)} layers, "
                "expected one"
            )
        node = graph.nodes[node.inputs[0]]
    raise ArtifactError("its layers read each other in a circle")


def _beginning(chain: list[Node]) -> tuple[int | None, Node | None, list[Node]]:
    """The length of texts if it is fixed, the TextVectorization if there is one, and the rest
    without what does nothing when a model predicts."""
    rest = [node for node in chain if node.kind not in NOTHING_AT_PREDICTION]
    length = None
    is_text = False
    if rest and rest[0].kind == "InputLayer":
        node = rest.pop(0)
        shape = node.config.get("batch_shape", node.config.get("batch_input_shape"))
        is_text = node.config.get("dtype") == "string"
        longest = 1 if is_text else _LONGEST
        if not isinstance(shape, list) or not (
            (len(shape) == 2 or (is_text and len(shape) == 1))
            and all(n is None or (type(n) is int and 1 <= n <= longest) for n in shape[1:])
        ):
            raise ArtifactError(
                f"its layer {node.name!r} has the shape {str(shape)[:60]}, expected one sequence "
                "of ids, or one text"
            )
        length = None if is_text else shape[1]
    vectorizer = rest.pop(0) if rest and rest[0].kind == "TextVectorization" else None
    if is_text and vectorizer is None:
        _next(rest, ("TextVectorization",), "a TextVectorization, as its input is text")
    if vectorizer is not None:
        length = vectorizer.config.get("output_sequence_length")
    return length, vectorizer, rest


def _layer(node: Node) -> LayerSpec:
    config = _inner(node)
    if not _bidirectional(node):
        if config.get("go_backwards", False):
            raise ArtifactError(
                f"its layer {node.name!r} is an LSTM that reads backwards alone, which is not "
                "supported: only in a Bidirectional"
            )
        return LayerSpec(_whole(node, "units"), False, "concat")
    backward = node.config["backward_layer"]["config"]
    if (config.get("go_backwards"), backward.get("go_backwards")) != (False, True):
        raise ArtifactError(
            f"its layer {node.name!r} has a forward layer that reads backwards, or a backward "
            "one that does not"
        )
    for option in ("units", "return_sequences"):
        if config.get(option) != backward.get(option):
            raise ArtifactError(
                f"its layer {node.name!r} has {option}={config.get(option)} forward and "
                f"{backward.get(option)} backward, expected the same"
            )
    return LayerSpec(_whole(node, "units"), True, node.config.get("merge_mode", "concat"))


def _check_sequences(parts: Parts, pooled: bool) -> None:
    """Every layer but the last hands on its states at every token; the last does for a pooling."""
    for place, (node, _) in enumerate(parts.layers):
        config = _inner(node)
        wanted = pooled or place < len(parts.layers) - 1
        if config.get("return_sequences", False) is not wanted:
            raise ArtifactError(
                f"its layer {node.name!r} has return_sequences={not wanted}, expected {wanted}"
                + ("" if wanted else " without a pooling layer above it")
            )
        zeros = config.get("zero_output_for_mask", False)
        if zeros and not wanted and parts.masked and not _bidirectional(node):
            raise ArtifactError(
                f"its layer {node.name!r} has zero_output_for_mask=True, so that its last output "
                "is zero for every text that was filled up"
            )


def _check_masks(parts: Parts, graph: Graph) -> None:
    """Masks that the file states are that of the Embedding, which the layers hand on."""
    for node in graph.nodes.values():
        mask = None if node.mask is None else graph.nodes.get(node.mask)
        own = mask and mask.kind == "NotEqual" and mask.inputs == parts.embedding.inputs
        if node.mask is not None and not (own and parts.masked):
            raise ArtifactError(
                f"its layer {node.name!r} is called with a mask that is not that of the Embedding "
                f"{parts.embedding.name!r}"
            )


def _check_pool(parts: Parts, pool: MaskedPool, graph: Graph) -> None:
    """It pools the last LSTM layer, and leaves out the padding of the ids, which are masked."""
    pooled = pool.pooled
    while pooled.kind in NOTHING_AT_PREDICTION and pooled.inputs:
        pooled = graph.nodes[pooled.inputs[0]]
    if pooled != parts.layers[-1][0]:
        raise _unexpected(pool.pooled, "a pooling of the last LSTM layer")
    padding, embedding = pool.padding, parts.embedding
    same = padding.inputs == embedding.inputs and parts.masked
    config = padding.config
    size = config.get("input_dim"), config.get("output_dim"), config.get("mask_zero", False)
    if not same or size != (embedding.config["input_dim"], 1, False):
        raise ArtifactError(
            f"its layer {padding.name!r} does not tell the tokens of {embedding.name!r} and "
            "padding apart"
        )


def _activation(node: Node) -> str:
    if node.kind == "Activation":
        return node.config.get("activation", "linear")
    return "softmax"  # its axis, -1 or 1, is that of the labels


def _bidirectional(node: Node) -> bool:
    return node.kind == "Bidirectional"


def _inner(node: Node) -> Mapping[str, Any]:
    """The options of the LSTM, or of the forward one of two."""
    return node.config["layer"]["config"] if _bidirectional(node) else node.config


def _next(rest: list[Node], kinds: tuple[str, ...], expected: str) -> Node:
    if not rest:
        raise ArtifactError(f"its model ends where {expected} was expected")
    if rest[0].kind not in kinds:
        raise _unexpected(rest[0], expected)
    return rest.pop(0)


def _unexpected(node: Node, expected: str) -> ArtifactError:
    return ArtifactError(
        f"its layer {node.name!r} ({node.kind}) is not understood in its place, expected {expected}"
    )


def _whole(node: Node, option: str) -> int:
    value = _inner(node).get(option)
    if type(value) is not int or value < 1:
        raise ArtifactError(
            f"its layer {node.name!r} has {option}={str(value)[:60]}, expected a whole number "
            "from 1"
        )
    return value
