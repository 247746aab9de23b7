"""Training step of the classic model: Bothways. Ragged ids in, no padding anywhere."""

import numpy as np
import torch
from _bothways import classic_spec, classic_tensors
from _classic import BATCH, TRAIN_BATCHES, batches, difference, read_texts
from _worker import Peer, serve

from bothways.nn import RaggedTensor, use_threads
from bothways.training import ClassifierNetwork, RMSprop, train_step


def make_step(batches, threads):
    """Return (step, probabilities): train on batches[k]; judge one batch, (N,) float32.

    Both start from `first_weights()`. A batch has values, offsets and labels.
    """
    tensors = classic_tensors()
    network = ClassifierNetwork(classic_spec(), len(tensors["embedding.weight"]))
    network.load_tensors(tensors)
    optimizer = RMSprop(network.parameters())

    def ragged(batch):
        return RaggedTensor(*map(torch.from_numpy, (batch.values, batch.offsets)))

    data = [(ragged(b), torch.from_numpy(b.labels.astype(np.int64))) for b in batches]

    def step(k):
        with use_threads(threads):  # as the estimator does
            train_step(network, optimizer, *data[k])

    @torch.no_grad()
    def probabilities(batch):
        found = network.eval()(ragged(batch)).sigmoid()[:, 0].numpy()
        network.train()
        return found

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
        packages=["bothways", "torch"],
        facts={"difference": {"train": found}},
    )


if __name__ == "__main__":
    serve(prepare)
