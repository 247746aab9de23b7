"""What each token contributes to a score, by way of each reader of the first layer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import kernels
from bothways.artifact import NetworkSpec
from bothways.runtime._network import Network, merge_directions
from bothways.runtime._pooling import Pooled, merge_backward, pool_backward, pool_forward
from bothways.runtime._secant import Reading, pass_back, read
from bothways.runtime._secant_ahead import ReadingAhead, pass_back_ahead, read_and_look_ahead

Floats = NDArray[np.float32]


class Contributions(NamedTuple):
    """`by_reader (T, D)`, forward first; with `base`, the score of the reference, they sum to
    the score."""

    by_reader: Floats
    base: float


def contributions(
    network: Network,
    ids: NDArray[np.int32],
    output: int,
    reference: Floats,
    *,
    threads: int | None = None,
) -> Contributions:
    """Divide the score `output` of one text, `ids (T,)` with `T` from 1, among its tokens.

    It is compared with a text of as many tokens whose projected row is `reference (D * 4H,)`, or
    rows `(T, D * 4H)`, and the difference handed back from operation to operation (`_secant`).
    Where features are maxima over the text, they are compared at the tokens that they came
    from. Two directions that are multiplied share their product evenly.
    """
    spec = network.spec
    T, offsets = len(ids), np.array([0, len(ids)])
    rows = network.projected[ids]
    rows_reference = np.ascontiguousarray(np.broadcast_to(reference, rows.shape))
    text = _read_layers(network, rows, threads)
    plain = _read_layers(network, rows_reference, threads)
    pooled = pool_forward(spec, text[-1].output, text[-1].h_n, offsets)
    pooled_plain = pool_forward(spec, plain[-1].output, plain[-1].h_n, offsets)
    features = pooled_plain.features[0]
    if pooled.where is not None:
        merged = merge_directions(pooled_plain.both, spec)
        features = np.take_along_axis(merged, pooled.where, axis=0)[0]

    kernel, bias = network.dense
    weights = kernel[:, output] / network.temperature
    if spec.zero_under > T:  # maxima below zero are those of the padding, in both texts
        above = pooled.features[0] > 0
        features, weights = features * above, weights * above
    base = features @ weights + bias[output] / network.temperature
    halfway = Pooled(
        pooled.features, (pooled.both + pooled_plain.both) / np.float32(2), pooled.where
    )
    d_output, d_h_n = pool_backward(spec, weights[None], halfway, offsets)
    worth = _at_the_ends(d_h_n, T, spec) if d_output is None else d_output
    for k in reversed(range(spec.layers)):
        worth = _pass_back(network, k, text[k], plain[k], worth, threads)
        if k:
            worth = kernels.project_backward_input(worth, network.inputs[k][0], threads=threads)
            worth = merge_backward(spec.stack[k - 1], worth, _halfway(text[k - 1], plain[k - 1]))
    worth *= rows - rows_reference
    return Contributions(worth.reshape(T, spec.stack[0].directions, -1).sum(axis=2), float(base))


def _read_layers(
    network: Network, rows: Floats, threads: int | None
) -> list[Reading] | list[ReadingAhead]:
    lookahead = network.spec.lookahead
    if lookahead is not None:
        return [read_and_look_ahead(rows, network.readers, lookahead, threads)]
    readings: list[Reading] = []
    for k, recurrent in enumerate(network.recurrent):
        if k:
            below = merge_directions(readings[-1].output, network.spec.stack[k - 1])
            rows = kernels.project(below, *network.inputs[k], threads=threads)
        readings.append(read(rows, recurrent.weights, threads))
    return readings


def _pass_back(network, k, text, plain, worth, threads) -> Floats:
    weights = network.recurrent[k].weights
    if network.spec.lookahead is None:
        return pass_back(text, plain, weights, worth, threads)
    return pass_back_ahead(text, plain, weights, network.spec.lookahead, worth, threads)


def _halfway(text: Reading | ReadingAhead, plain: Reading | ReadingAhead) -> Floats:
    return (text.output + plain.output) / np.float32(2)


def _at_the_ends(d_h_n: Floats | None, T: int, spec: NetworkSpec) -> Floats:
    """What the last state of each direction is worth, as that of outputs, `(T, D * H)`."""
    assert d_h_n is not None
    worth = np.zeros((T, spec.directions, spec.hidden_size), np.float32)
    worth[-1, 0] = d_h_n[0, 0]
    if spec.bidirectional:
        worth[0, 1] = d_h_n[1, 0]
    return worth.reshape(T, -1)
