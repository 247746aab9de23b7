"""Pooling over the tokens of a text and no padding, in layers that stock Keras has.

Keras's GlobalMaxPooling1D reads the zeros behind a text, and its GlobalAveragePooling1D divides
by nothing for a text without a token. Of stock layers that do neither, with `p` an embedding of
the ids into one number, 0 for a token and `-DOWN` for padding, and `x` the states:

    max     Subtract(GlobalMaxPooling1D(Add(x, p)), GlobalMaxPooling1D(p))
    mean    Flatten(Dot(x, Softmax(p) over time))

States lie between -2 and 2, so that padding never is the largest; a text without a token has
`-DOWN - -DOWN`, which is zero. The softmax of `n` equal numbers is `1 / n`, and `exp(-DOWN)` is
zero beside it; without a token the states are zeros.
"""

from __future__ import annotations

from typing import NamedTuple

from bothways.interop._keras_graph import Graph, Node

DOWN = 1e4
"""How far padding is put down. Added to a token is 0, so that its state keeps every bit."""


class MaskedPool(NamedTuple):
    """`"max"` or `"mean"`, the layer that is pooled, and the embedding `p`."""

    pooling: str
    pooled: Node
    padding: Node


def masked_pool(graph: Graph, node: Node) -> MaskedPool | None:
    """The pooling whose last layer is `node`, if it is one of the above as far as their kinds
    tell; the weights of `p` are for the caller to check."""
    if node.kind == "Subtract":
        maxima = graph.read_by(node, "GlobalMaxPooling1D", "GlobalMaxPooling1D")
        added = maxima and graph.read_by(maxima[0], "Add")
        padding = maxima and graph.read_by(maxima[1], "Embedding")
        if added and padding and added[0].inputs[1:] == (padding[0].name,):
            return MaskedPool("max", graph.nodes[added[0].inputs[0]], padding[0])
    if node.kind == "Flatten":
        dot = graph.read_by(node, "Dot")
        weights = dot and graph.read_by(dot[0], None, "Softmax")
        padding = weights and graph.read_by(weights[1], "Embedding")
        if dot and weights and padding and weights[1].config.get("axis") == 1:
            return MaskedPool("mean", weights[0], padding[0])
    return None
