"""What every training worker offers: the task `step`, and the difference before it learned."""

import numpy as np
from _classic import BATCH, TRAIN_BATCHES, batches, difference, read_texts
from _worker import Peer


def training_peer(folder, form, step, probabilities, settings, packages, warm):
    """Make the peer whose items are steps on 64 batches of training texts, again and again.

    `form(texts)` puts a batch into the shape the peer wants, which is not timed; `step(batch)`
    learns from it, and is called `warm` times before the timing; `probabilities(texts)`, (N,),
    is asked once, under the first weights.
    """
    held_out = read_texts(folder, "valid").take(np.arange(BATCH))
    found = difference(probabilities(held_out), held_out)
    ready = [form(texts) for texts in batches(read_texts(folder, "train"), TRAIN_BATCHES)]

    def train(first, count):
        for k in range(first, first + count):
            step(ready[k % TRAIN_BATCHES])

    train(0, warm)
    return Peer({"step": train}, settings, packages, {"difference": {"step": found}})
