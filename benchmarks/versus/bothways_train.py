"""Training step of the classic model: Bothways. Ragged ids in, no padding anywhere."""

import numpy as np
from _classic import BATCH, TRAIN_BATCHES, batches, difference, read_texts
from _worker import Peer, serve


def make_step(batches, threads):
    """Return (step, probabilities): train on batches[k]; judge one batch, (N,) float32.

    Both start from `first_weights()`. A batch has values, offsets and labels.
    """
    raise NotImplementedError("bothways.training has no step to call yet")


def prepare(options):
    """Hand over all the batches, then time steps."""
    texts = batches(read_texts(options["folder"], "train"), TRAIN_BATCHES)
    step, probabilities = make_step(texts, options["threads"])
    held_out = read_texts(options["folder"], "valid").take(np.arange(BATCH))
    found = difference(probabilities(held_out), held_out)

    def train(first, count):
        for k in range(first, first + count):
            step(k % TRAIN_BATCHES)

    train(0, TRAIN_BATCHES)
    return Peer(
        tasks={"train": train},
        settings="Ragged.",
        packages=["bothways", "torch"],
        facts={"difference": {"train": found}},
    )


if __name__ == "__main__":
    serve(prepare)
