"""The classifier as it is trained on a CPU: loss and gradients, in NumPy and the kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged, kernels
from bothways.artifact import TABLE, NetworkSpec
from bothways.errors import ArgumentError
from bothways.kernels import Precision, Unique
from bothways.optim import Optimizer, RowGradient
from bothways.runtime import pool_backward, pool_forward
from bothways.training._adversarial import worst_move
from bothways.training._dropout import Masks, draw_masks
from bothways.training._embedding import Embedded, embed_backward, embed_forward
from bothways.training._exchange import Exchange, Share
from bothways.training._loss import Labels, cross_entropy
from bothways.training._recurrence import Engine, layers_backward, layers_forward

Floats = NDArray[np.float32]
Gradients = dict[str, Floats | RowGradient]

# From logits `(N, outputs)` to the mean loss and its gradient of the same shape.
Objective = Callable[[Floats], tuple[float, Floats]]


class ClassifierNetwork:
    """Embedding, LSTM layers, pooling over time, dense layer, and their gradients.

    `tensors`, those that `spec.tensor_shapes` names, are copied; the network's own are updated
    in place. With `precision="bf16"` the factors of the layers' products are rounded to
    bfloat16; weights, states and sums stay float32. `checkpoint`: the states before every so
    many steps alone are kept for the way back, and the steps between are computed again, with
    the same gradients bit for bit. `adversarial`: the distance by which each text is moved to be
    read a second time, its loss there being added (0: it is not).

    Raises `ArgumentError` for another precision, or a checkpoint that is not positive.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        tensors: Mapping[str, Floats],
        *,
        precision: Precision = "f32",
        checkpoint: int | None = None,
        adversarial: float = 0.0,
    ) -> None:
        kernels.precision_used(precision)
        if checkpoint is not None and checkpoint < 1:
            raise ArgumentError(f"checkpoint must be a whole number from 1, got {checkpoint!r}")
        self.precision: Precision = precision
        self.checkpoint = checkpoint
        self.adversarial = adversarial
        self.spec = spec
        self.tensors = {k: np.array(tensors[k], order="C") for k in spec.tensor_shapes(0)}

    def load_tensors(self, tensors: Mapping[str, Floats]) -> None:
        """Take over weights of the same names and shapes."""
        for name, own in self.tensors.items():
            np.copyto(own, tensors[name])

    def words(self, ids: Ragged) -> Unique:
        """The distinct words of a batch: the rows of the table that a step reads."""
        return kernels.unique(ids.values, len(self.tensors[TABLE]))

    def loss_and_gradients(
        self,
        ids: Ragged,
        labels: Labels,
        rng: np.random.Generator,
        *,
        weights: Floats | None = None,
        words: Unique | None = None,
        share: Share | None = None,
        threads: int | None = None,
    ) -> tuple[float, Gradients]:
        """The mean loss of `N` texts in nats, with dropout drawn from `rng`, and its gradients.

        With `adversarial` the gradients are those of the sum of this loss and the one of the
        moved texts, with the same dropout; how far and where they move counts as given.

        `ids (T,)` int32; `labels (N,)` int64, the place of each text's label, `weights (N,)`
        what its loss is multiplied by; `words`, if the caller has them already. The gradient of
        the embedding has the rows of the words alone. The bits do not depend on `threads`.

        With `share` they are the parts that its texts have in the loss and the gradients of the
        batch, whose masks are drawn as without; the embedding's has the rows of its words.
        """
        words = self.words(ids) if words is None else words
        masks, texts = draw_masks(self.spec, len(ids), len(words.distinct), rng), len(ids)
        if share is not None:
            own = share.texts
            ids, labels, masks = ids.take(own), labels[own], masks.of(own, share.places)
            weights = None if weights is None else weights[own]
            words = self.words(ids)
        objective = partial(cross_entropy, labels=labels, weights=weights, texts=texts)
        threads = threads or kernels.default_threads()
        return self._derive(ids.offsets, objective, words, masks, threads)

    def _derive(
        self,
        offsets: NDArray[np.int64],
        objective: Objective,
        words: Unique,
        masks: Masks,
        threads: int,
    ) -> tuple[float, Gradients]:
        """The loss and its gradients with these masks."""
        table, by_text = self.tensors[TABLE], self.adversarial > 0
        embedded = embed_forward(table, words, offsets, masks, threads, by_text=by_text)
        loss, gradients, d_x = self._propagate(embedded, offsets, objective, masks, threads)
        if embedded.pairs is not None and by_text:
            move = worst_move(d_x, embedded.pairs, len(offsets) - 1, self.adversarial)
            moved = embedded._replace(x=embedded.x + move)
            _, more, d_moved = self._propagate(moved, offsets, objective, masks, threads)
            d_x += d_moved
            for name, gradient in more.items():
                gradients[name] += gradient
        rows = embed_backward(d_x, embedded, words, masks, threads)
        return loss, {**gradients, TABLE: rows}

    def _propagate(
        self,
        embedded: Embedded,
        offsets: NDArray[np.int64],
        objective: Objective,
        masks: Masks,
        threads: int,
    ) -> tuple[float, dict[str, Floats], Floats]:
        """From what the first layer reads to the loss, and the same way back: the gradients of
        all tensors but the table, and of the rows that were read."""
        w = self.tensors
        dense, bias = w["dense.kernel"], w["dense.bias"]
        engine = Engine(self.precision, self.checkpoint, threads, self.spec.lookahead)
        output = self.spec.pooling != "last"
        layers = layers_forward(w, embedded, offsets, masks.layers, output, engine)
        states = layers[-1].states
        pooled = pool_forward(self.spec, states.output, states.h_n, offsets)
        features = _masked(pooled.features, masks.features)
        logits = kernels.project(features, dense, bias, threads=threads)
        loss, d_logits = objective(logits)

        d_dense, d_bias = kernels.project_backward_kernel(features, d_logits, threads=threads)
        d_features = kernels.project_backward_input(d_logits, dense, threads=threads)
        d_features = _masked(d_features, masks.features)
        d_output, d_h_n = pool_backward(self.spec, d_features, pooled, offsets)
        gradients = {"dense.kernel": d_dense, "dense.bias": d_bias}
        d_layers, d_x = layers_backward(w, layers, offsets, masks.layers, d_output, d_h_n, engine)
        return loss, gradients | d_layers, d_x


def train_step(
    network: ClassifierNetwork,
    optimizer: Optimizer,
    ids: Ragged,
    labels: Labels,
    rate: float,
    rng: np.random.Generator,
    *,
    weights: Floats | None = None,
    threads: int | None = None,
    exchange: Exchange | None = None,
) -> float:
    """One update with the learning rate `rate` on `N` texts; returns their mean loss before it.

    `ids (T,)` int32, `labels (N,)` int64, `weights (N,)` of the texts' losses (None: all 1); the
    dropout is drawn from `rng`. With `exchange` all its ranks take this step together: each
    computes its share of the batch, and all end with the same bits.
    """
    words = network.words(ids)
    optimizer.ready(TABLE, words.distinct, threads=threads)
    share = None if exchange is None else exchange.share(ids, words)
    loss, gradients = network.loss_and_gradients(
        ids, labels, rng, weights=weights, words=words, share=share, threads=threads
    )
    if exchange is not None and share is not None:
        loss, gradients = exchange.sum(loss, gradients, share, words, threads=threads)
    optimizer.step(gradients, rate=rate, threads=threads)
    return loss


def _masked(x: Floats, mask: Floats | None) -> Floats:
    return x if mask is None else x * mask
