"""Time and memory by length: one text of 10 to 100,000 tokens, a prediction and a step."""

import ctypes
from functools import partial
from pathlib import Path

import numpy as np
from _bothways import examples, predictor, trainer
from _classic import Texts, read_texts
from _worker import Peer, peak_bytes, serve

from bothways.kernels import trim_memory

LENGTHS = (10, 100, 1_000, 10_000, 100_000)


def growth(action):
    """Return how many bytes the process's peak rises above what it holds, doing this."""
    trim_memory()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # from here on a new peak
    before = peak_bytes()
    action()
    return peak_bytes() - before


def repeated(action):
    """Return the task that does this again and again."""

    def run(first, count):
        for _ in range(count):
            action()

    return run


def prepare(options):
    """Short texts first: what a longer one needs is then not there yet, but for a tenth."""
    every = read_texts(options["folder"], "train")
    predict = predictor(options["threads"])
    step, _ = trainer(options["threads"])
    frugal, _ = trainer(options["threads"], checkpoint=256)
    tasks, grown = {}, {}
    for length in LENGTHS[:1] + LENGTHS:  # the first one again: threads and tables are there then
        ids = np.array(every.values[:length])  # reviews one after another
        text = Texts(ids, np.array([0, length]), np.ones(1, np.float32))
        actions = {
            f"prediction, {length:,} tokens": partial(predict, text),
            f"step with checkpoints, {length:,} tokens": partial(frugal, *examples(text)),
            f"training step, {length:,} tokens": partial(step, *examples(text)),
        }
        for name, action in actions.items():
            grown[name] = growth(action)
            tasks[name] = repeated(action)
    return Peer(tasks, "The classic model, ids in hand.", ["bothways"], {"growth_bytes": grown})


if __name__ == "__main__":
    serve(prepare)
