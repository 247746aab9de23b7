"""One bidirectional layer, forward and backward: its data, first weights, tasks and peer."""

import numpy as np
from _classic import BATCH, TRAIN_BATCHES, Texts, batches, read_texts
from _lstm import WAYS, first_lstm, true_states
from _worker import Peer

INPUT, SIZES = 300, (128, 256, 512)
BATCHES = 4  # different ones, in turn
CHECKED = 2  # texts held against the truth, which is slow


def typical_batches(folder: str) -> list[Texts]:
    """Return the four batches of 64 with the most usual number of tokens: all turns are alike."""
    every = batches(read_texts(folder, "train"), TRAIN_BATCHES, BATCH)
    usual = np.median([len(texts.values) for texts in every])
    return sorted(every, key=lambda texts: abs(len(texts.values) - usual))[:BATCHES]


def layer_weights(rng, hidden):
    """Draw first weights, but biases as training leaves them: at zero, padding has no effect."""
    weights = first_lstm(rng, INPUT, hidden)
    for way in WAYS:
        weights[f"{way}_bias"] += rng.normal(scale=0.1, size=4 * hidden).astype(np.float32)
    return weights


def layer_peer(options, new_layer, settings, packages):
    """Make the peer with a task for each hidden size; its items are batches, its units tokens.

    `new_layer(hidden, weights)` has `weights` in Keras's layout and returns three functions:
    `form(offsets, x)` readies a batch of inputs x (T, 300) float32 and is not timed,
    `both(ready)` goes forward and backward, and `output(ready)` gives the states (T, 2H).
    """
    tasks, facts = {}, {"difference": {}, "flop": {}}
    texts = typical_batches(options["folder"])
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(len(b.values), INPUT)).astype(np.float32) for b in texts]
    for hidden in SIZES:
        name = f"hidden {hidden}"
        weights = layer_weights(np.random.default_rng(hidden), hidden)
        form, both, output = new_layer(hidden, weights)
        ready = [form(b.offsets, x) for b, x in zip(texts, inputs, strict=True)]
        both(ready[0])
        tasks[name] = _task(both, ready, [len(b.values) for b in texts])
        found = output(ready[0])
        facts["difference"][name] = _difference(weights, texts[0].offsets, inputs[0], found)
        # Products with (I + H, 4H) in each direction: forward, and twice that backward.
        facts["flop"][name] = 3 * 2 * 2 * (INPUT + hidden) * 4 * hidden
    return Peer(tasks, settings, packages, facts)


def _task(both, ready, tokens):
    def run(first, count):
        chosen = [k % BATCHES for k in range(first, first + count)]
        for k in chosen:
            both(ready[k])
        return {"units": sum(tokens[k] for k in chosen)}

    return run


def _difference(weights, offsets, x, found):
    """The largest difference from the truth, for the shortest texts: they have most padding."""
    worst = 0.0
    for n in np.argsort(np.diff(offsets))[:CHECKED]:
        text = slice(offsets[n], offsets[n + 1])
        worst = max(worst, np.abs(found[text] - true_states(weights, x[text])).max())
    return float(worst)
