"""First weights, drawn as Keras draws them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, NetworkSpec, layer_names
from bothways.vectors import Vectors

Floats = NDArray[np.float32]


def initial_tensors(
    spec: NetworkSpec, vocabulary_size: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """The tensors that `spec.tensor_shapes` names.

    Embedding uniform within 0.05; kernels Glorot uniform; recurrent kernels orthogonal; biases
    zero, but one for the forget gate (Jozefowicz et al. 2015). Each direction is drawn by
    itself.
    """
    shapes = spec.tensor_shapes(vocabulary_size)
    table = rng.random(shapes[TABLE], np.float32)
    table -= np.float32(0.5)
    table *= np.float32(0.1)
    tensors = {TABLE: table}
    for layer in range(spec.layers):
        kernel, recurrent, bias = layer_names(layer)
        inputs, columns = shapes[kernel][0], 4 * spec.hidden_size
        ways = range(spec.directions)
        drawn = [_glorot_uniform(inputs, columns, rng) for _ in ways]
        tensors[kernel] = np.concatenate(drawn, axis=1)
        tensors[recurrent] = np.stack([_orthogonal(spec.hidden_size, columns, rng) for _ in ways])
        forget = np.repeat(np.array([0, 1, 0, 0], np.float32), spec.hidden_size)
        tensors[bias] = np.tile(forget, spec.directions)
    tensors["dense.kernel"] = _glorot_uniform(spec.width, spec.outputs, rng)
    tensors["dense.bias"] = np.zeros(shapes["dense.bias"], np.float32)
    return tensors


def place_vectors(table: Floats, vectors: Vectors) -> None:
    """Begin with the given rows for the words that have one, in `table (V, I)`.

    The other rows stay as they were drawn, but as widely spread as the given ones (Kim 2014):
    otherwise a layer would hardly hear them beside those, or them alone.
    """
    given = vectors.rows[vectors.found]
    spread, drawn = given.std(dtype=np.float64), table.std(dtype=np.float64)
    if spread > 0:
        table *= np.float32(spread / drawn)
    table[vectors.found] = given


def prior_bias(having: NDArray[np.float64], lacking: NDArray[np.float64] | None) -> Floats:
    """The biases of the last layer by which its first scores are those of how frequent labels are.

    `having (C,)` is what the texts that have each label weigh; each counts one more, so that a
    label without texts has a score. Where a text may have several labels `lacking (C,)` is what
    the others weigh, and the scores are the log odds (Lin et al. 2017 begin so); otherwise they
    are the logs, or for two labels `(1,)`, the second's log odds. All zeros where labels are
    equally frequent.
    """
    if lacking is not None:
        odds = (having + 1) / (lacking + 1)
    elif len(having) == 2:
        odds = (having[1:] + 1) / (having[:1] + 1)
    else:
        odds = (having + 1) / (having.mean() + 1)
    return np.log(odds).astype(np.float32)


def _glorot_uniform(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Uniform within `sqrt(6 / (rows + columns))` (Glorot & Bengio 2010)."""
    limit = math.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, (rows, columns)).astype(np.float32)


def _orthogonal(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Orthonormal rows, `rows <= columns`, all directions alike (Saxe et al. 2014).

    The signs of the diagonal make the factor unique; without them some directions would be
    likelier (Mezzadri 2007).
    """
    q, r = np.linalg.qr(rng.normal(size=(columns, rows)))
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q.T, np.float32)
