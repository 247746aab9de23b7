"""Training step of the classic model: Bothways. Ragged ids in, no padding anywhere."""

import numpy as np
from _bothways import classic_spec, classic_tensors
from _classic import BATCH, LEARNING_RATE, TRAIN_BATCHES, batches, difference, read_texts
from _worker import Peer, serve

from bothways import Ragged
from bothways.optim import RMSprop
from bothways.runtime import Network
from bothways.training import ClassifierNetwork, train_step


def make_step(batches, threads):
    """Return (step, probabilities): train on batches[k]; judge one batch, (N,) float32.

    Both start from `first_weights()`. A batch has values, offsets and labels.
    """
    network = ClassifierNetwork(classic_spec(), classic_tensors())
    optimizer, rng = RMSprop(network.tensors), np.random.default_rng(0)

    def ragged(batch):
        return Ragged(batch.values, batch.offsets)

    data = [(ragged(b), b.labels.astype(np.int64)) for b in batches]

    def step(k):
        train_step(network, optimizer, *data[k], LEARNING_RATE, rng, threads=threads)

    def probabilities(batch):
        return Network(network.spec, network.tensors).probabilities(ragged(batch))[:, 1]

    return step, probabilities


def prepare(options):
    """Hand over all the batches, then time steps."""
    texts = batches(read_texts(options["folder"], "train"), TRAIN_BATCHES)
    step, probabilities = make_step(texts, options["threads"])
    held_out = read_texts(options["folder"], "valid").take(np.arange(BATCH))
    found = difference(probabilities(held_out), held_out)

    def train(first, count):
        for k in range(first, first + count):
            step(k % TRAIN_BATCHES)

    train(0, TRAIN_BATCHES)  # warm up
    return Peer(
        tasks={"train": train},
        settings="Ragged; row-sparse RMSprop, equal to the dense one.",
        packages=["bothways"],
        facts={"difference": {"train": found}},
    )


if __name__ == "__main__":
    serve(prepare)
