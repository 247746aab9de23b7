"""The classic model as Bothways names its parts, for training and for prediction."""

import numpy as np
from _classic import DROPOUT, HIDDEN, INPUT, LEARNING_RATE, first_weights
from _lstm import joined

from bothways import Ragged
from bothways.artifact import NetworkSpec
from bothways.runtime import Network


def classic_spec(dropout=DROPOUT):
    """Embedding, both directions joined at their last states, one sigmoid."""
    return NetworkSpec(INPUT, HIDDEN, True, "concat", "last", 1, dropout=dropout)


def classic_tensors():
    """The weights that every peer starts from."""
    weights = first_weights()
    return {
        "embedding.weight": weights["embedding"],
        **{f"lstm.{part}": array for part, array in joined(weights).items()},
        "dense.kernel": weights["dense_kernel"],
        "dense.bias": weights["dense_bias"],
    }


def examples(texts):
    """The ragged ids of a batch and the place of each text's label, int64."""
    return Ragged(texts.values, texts.offsets), texts.labels.astype(np.int64)


def predictor(threads, precision="f32"):
    """Return a function from a batch of `Texts` to its probabilities, (N,) float32."""
    network = Network(classic_spec(), classic_tensors(), precision=precision)

    def probabilities(texts):
        return network.probabilities(examples(texts)[0], threads=threads)[:, 1]

    return probabilities


def trainer(threads, optimizer="RMSprop", precision="f32", checkpoint=None):
    """Return (step, probabilities) of the classic model with its first weights.

    `step(ids, labels)` is one update on what `examples` gives. `probabilities(texts)` are those
    of the training itself, in its precision: from the loss of each text with the label 1.
    """
    # Here alone, since predicting needs none of it and its memory is measured.
    from bothways import optim
    from bothways.training import ClassifierNetwork, train_step

    rng = np.random.default_rng(0)
    network = ClassifierNetwork(
        classic_spec(), classic_tensors(), precision=precision, checkpoint=checkpoint
    )
    rule = getattr(optim, optimizer)(network.tensors)

    def step(ids, labels):
        train_step(network, rule, ids, labels, LEARNING_RATE, rng, threads=threads)

    def probabilities(texts):
        judge = ClassifierNetwork(classic_spec(dropout=0.0), network.tensors, precision=precision)
        losses = [
            judge.loss_and_gradients(Ragged.from_list([texts.ids(k)]), np.ones(1, np.int64), rng)[0]
            for k in range(len(texts))
        ]
        return np.exp(-np.array(losses))

    return step, probabilities
