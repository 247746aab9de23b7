"""Whether contributions tell the truth, beside other ways to find them, and what they cost.

    python benchmarks/explaining.py REVIEWS.parquet [--preset fast --preset classic] [--texts 200]

Of a file of labelled texts 8,000 train each preset and `--texts` others are explained (`split` of
bothways.data, stratified, seed 0). By each method every word of a text gets a number; 1, 2, 5, 10,
20 and 30 % of the words are taken away, those with the largest numbers first, and the fall of the
score of the predicted label is averaged over the six (the area over the deletion curve, Samek et
al. 2017). Behind it stands how far this method is ahead, in the mean over the texts, with the 95 %
interval of that difference, and the median over the texts of a method's milliseconds, of each text
the least of three. Then how far the parts of integrated gradients are from the score they should
sum to, and what explaining a text of 600 words takes, and in memory one of 60,000.
"""

import argparse
import re
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from bothways import Ragged, TextClassifier, kernels
from bothways.data import read, split
from bothways.runtime import Model, pool_backward, pool_forward
from bothways.runtime._contributions import contributions

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
TRAIN = 8_000


def score(net, texts, output):
    """The scores of several texts, `(N,)`."""
    return net.logits(Ragged.from_list(texts))[:, output]


def ours(net, ids, output, reference=None):
    reference = net.inputs[0][1] if reference is None else reference
    return contributions(net, ids, output, reference).by_reader.sum(axis=1)


def occlusion(net, ids, output):
    """What the score loses without each word."""
    texts = [ids, *(np.delete(ids, t) for t in range(len(ids)))]
    scores = score(net, texts, output)
    return scores[0] - scores[1:]


def windows(net, ids, output, count):
    """Without each of `count` windows, evenly spread, each twice as long as their distance; a word
    has the mean of the windows that it stands in."""
    T = len(ids)
    if count >= T:
        return occlusion(net, ids, output)
    starts = np.linspace(0, T, count, endpoint=False).astype(int)
    spans = [np.arange(start, min(start + 2 * T // count, T)) for start in starts]
    scores = score(net, [ids, *(np.delete(ids, span) for span in spans)], output)
    total, times = np.zeros(T), np.zeros(T)
    for span, without in zip(spans, scores[1:], strict=True):
        total[span] += (scores[0] - without) / len(span)
        times[span] += 1
    return total / np.maximum(times, 1)


def gradient(net, rows, output):
    """The derivative of the score by the projected rows of one text, `(T, D * 4H)`."""
    spec, offsets, weights = net.spec, np.array([0, len(rows)]), net.recurrent[0].weights
    states = kernels.lstm_forward(rows, offsets, weights)
    pooled = pool_forward(spec, states.output, states.h_n, offsets)
    d_features = net.dense[0][:, output][None] / net.temperature
    d_output, d_h_n = pool_backward(spec, d_features, pooled, offsets)
    return kernels.lstm_backward(*(states, rows, offsets, weights), d_output=d_output, d_h_n=d_h_n)[
        0
    ]


def integrated(net, ids, output, points):
    """Integrated gradients (Sundararajan et al. 2017) from words without meaning; one point in the
    middle of each part of the way. With one point at its end: gradient times input."""
    rows = net.projected[ids]
    change = rows - net.inputs[0][1]
    on_the_way = [1.0] if points == 0 else (np.arange(points) + 0.5) / points
    slopes = [gradient(net, rows - np.float32(1 - a) * change, output) for a in on_the_way]
    return (np.mean(slopes, axis=0) * change).sum(axis=1)


def by_reader(net, ids, output):
    """How the score of each reader changed at the word; for the last states alone."""
    H, weights = net.spec.hidden_size, net.dense[0][:, output] / net.temperature
    states = net.outputs(Ragged(ids, np.array([0, len(ids)])))
    forward, backward = states[:, :H] @ weights[:H], states[:, H:] @ weights[H:]
    return np.diff(forward, prepend=0) - np.diff(backward, append=0)


def methods(net, rng):
    """Each method by its name, from `(ids, output)` to `(T,)`."""
    found = {
        "this method": partial(ours, net),
        "leaving out each word": partial(occlusion, net),
        "leaving out 90 windows": partial(windows, net, count=90),
        "leaving out 30 windows": partial(windows, net, count=30),
        "integrated gradients, 16 points": partial(integrated, net, points=16),
        "integrated gradients, 4 points": partial(integrated, net, points=4),
        "gradient times input": partial(integrated, net, points=0),
    }
    if net.spec.pooling == "last":
        found["change of each reader's score"] = partial(by_reader, net)
    for name, reference in (
        ("the padding", net.projected[0]),
        ("the unknown word", net.projected[1]),
        ("the mean word", net.projected[2:].mean(axis=0)),
    ):
        found[f"this method, from {name}"] = partial(ours, net, reference=reference)
    found["chance"] = lambda ids, output: rng.random(len(ids))
    return found


def falls(net, ids, output, worth):
    """The mean fall of the score as the words that are worth most go."""
    order = np.argsort(-worth, kind="stable")
    kept = [np.delete(ids, order[: max(1, round(share * len(ids)))]) for share in SHARES]
    scores = score(net, [ids, *kept], output)
    return float(scores[0] - scores[1:].mean())


def least(function, times=3):
    """What it gives, and the least of its seconds."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        found = function()
        seconds.append(time.perf_counter() - started)
    return found, min(seconds)


def deletion(model, texts):
    """The table of one model."""
    net, every = model.network, methods(model.network, np.random.default_rng(0))
    fall, ms = ({name: [] for name in every} for _ in range(2))
    off = []
    for ids in texts:
        positive = score(net, [ids], 0)[0] > 0
        if not positive:  # of two labels the score of the first is that of the second, negated
            net.dense = (-net.dense[0], -net.dense[1])
        for name, method in every.items():
            worth, seconds = least(partial(method, ids, output=0))
            fall[name].append(falls(net, ids, 0, worth))
            ms[name].append(1e3 * seconds)
            if name == "integrated gradients, 16 points":
                plain = np.broadcast_to(net.inputs[0][1], net.projected[ids].shape)
                off.append(abs(worth.sum() + base(net, plain) - score(net, [ids], 0)[0]))
        if not positive:
            net.dense = (-net.dense[0], -net.dense[1])
    mine = np.array(fall["this method"])
    for name in every:
        ahead = mine - fall[name]
        bound = 1.96 * ahead.std(ddof=1) / np.sqrt(len(ahead))
        print(
            f"  {name:36}{np.mean(fall[name]):6.2f}   {ahead.mean():+6.2f} ± {bound:.2f}"
            f"{np.median(ms[name]):9.2f} ms"
        )
    median, worst = np.quantile(off, [0.5, 0.95])
    print(
        f"  integrated gradients, 16 points: half are off by {median:.2f}, 1 in 20 by {worst:.2f}"
    )


def base(net, rows):
    """The score of a text of these projected rows."""
    offsets = np.array([0, len(rows)])
    states = kernels.lstm_forward(np.ascontiguousarray(rows), offsets, net.recurrent[0].weights)
    pooled = pool_forward(net.spec, states.output, states.h_n, offsets)
    return (pooled.features @ net.dense[0] + net.dense[1])[0, 0] / net.temperature


def costs(model, tensors, text):
    """Milliseconds of a text of 600 words, in two directions and in one, and bytes a word."""
    words = (text.split() * 600)[:600]
    H = model.spec.network.hidden_size
    one = {
        "lstm.kernel": tensors["lstm.kernel"][:, : 4 * H],
        "lstm.recurrent_kernel": tensors["lstm.recurrent_kernel"][:1],
        "lstm.bias": tensors["lstm.bias"][: 4 * H],
        "dense.kernel": tensors["dense.kernel"][:H],
    }
    network = replace(model.spec.network, bidirectional=False)
    forward = Model(replace(model.spec, network=network), {**tensors, **one})
    for name, of in (("two directions", model), ("one direction", forward)):
        _, seconds = least(partial(of.explain, " ".join(words)), times=20)
        print(f"  600 words, {name}: {1e3 * seconds:.1f} ms, {1e6 * seconds / 600:.0f} µs a word")
    longer = Model(
        replace(model.spec, vectorizer=replace(model.spec.vectorizer, output_sequence_length=None)),
        tensors,
    )
    Path("/proc/self/clear_refs").write_text("5")  # the most memory from here on, on Linux
    before = memory("VmRSS")
    longer.explain(" ".join(words * 100))
    grown = memory("VmHWM") - before
    print(f"  60,000 words: {grown / 60_000:.0f} KB a word", flush=True)


def memory(what):
    """A size in KB from what Linux says of this process."""
    return int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--preset", action="append")
    parser.add_argument("--texts", type=int, default=200)
    options = parser.parse_args()
    rows = read(options.data)
    rest, explained = split(rows.labels, options.texts, 0)
    train = rows.take(np.random.default_rng(0).permutation(rest)[:TRAIN])
    for preset in options.preset or ["fast", "classic"]:
        classifier = TextClassifier(preset=preset).fit(train.texts, train.labels)
        model, tensors = classifier.model_, classifier.fitted_.tensors
        texts = model.encode(rows.take(explained).texts)[0]
        print(f"{preset}, after {TRAIN:,} texts, on {options.texts} others")
        deletion(model, [ids for ids in (texts[n] for n in range(len(texts))) if len(ids)])
        costs(model, tensors, rows.texts[int(explained[0])])


if __name__ == "__main__":
    main()
