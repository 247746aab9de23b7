"""What answers cost while a text comes in, and training for them.

    python benchmarks/reading.py REVIEWS.parquet

Networks of `fast`, with the words of 8,000 reviews and weights as drawn: times do not depend on
what they have learned. Of a word, `Stream.push` in the mean over the words of a text of 600; of
texts read again after every word, `Model.prefixes` of 600 and 1,000; of a training step, the mean
over 20 batches of 32 reviews. Each is the least of several, so that a busy machine is seen less.
"""

import argparse
import time
from dataclasses import replace
from functools import partial

import numpy as np

from bothways import Model, Stream, TextVectorizer
from bothways.artifact import Spec, VectorizerSpec
from bothways.data import read
from bothways.kernels import default_threads
from bothways.training import KernelLearner, initial_tensors, network_of, preset

KINDS = {
    "forward": {"bidirectional": False},
    "whole texts": {},
    "lookahead 5": {"lookahead": 5},
    "lookahead 20": {"lookahead": 20},
}


def least(function, times):
    """The least of its milliseconds."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        found.append(1e3 * (time.perf_counter() - started))
    return min(found)


def new_model(recipe, vectorizer):
    spec = Spec(
        "classification",
        ("neg", "pos"),
        VectorizerSpec(**vectorizer.get_config(), vocabulary=tuple(vectorizer.get_vocabulary())),
        network_of(recipe, outputs=1),
    )
    tensors = initial_tensors(spec.network, vectorizer.vocabulary_size, np.random.default_rng(0))
    return Model(spec, tensors), tensors


def push_each(stream, words):
    for word in words:
        stream.push(word)
    stream.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    texts = read(parser.parse_args().data).texts[:8_000]
    recipe = preset("fast")
    vectorizer = TextVectorizer(recipe.max_tokens).adapt(texts)
    ids = vectorizer.encode(texts[:640]).ids
    words = [f"{word} " for text in texts[:10] for word in text.split()]
    labels = np.arange(32) % 2
    print(f"{default_threads()} threads")
    print(f"{'':16}{'µs a word':>10}{'ms of 600':>12}{'of 1,000':>10}{'ms a step':>11}")
    steps = {}
    for name, change in KINDS.items():
        changed = replace(recipe, **change)
        model, tensors = new_model(changed, vectorizer)
        word = " "
        if name != "whole texts":
            stream = Stream(model)
            word = f"{1e3 * least(partial(push_each, stream, words[:600]), 10) / 600:.0f}"
        again = [least(partial(model.prefixes, "".join(words[:n])), 5) for n in (600, 1_000)]
        rng = np.random.default_rng(0)
        learner = KernelLearner(model.spec.network, tensors, changed, rng=rng)
        batches = [ids.slice(n, n + 32) for n in range(0, 640, 32)]
        steps[name] = np.mean(
            [least(partial(learner.step, batch, labels, 1e-3), 5) for batch in batches]
        )
        print(f"{name:16}{word:>10}{again[0]:12.1f}{again[1]:10.1f}{steps[name]:11.1f}", flush=True)
    for name, ms in steps.items():
        print(f"{name:16}{ms / steps['whole texts']:.2f} times a step of whole texts")


if __name__ == "__main__":
    main()
