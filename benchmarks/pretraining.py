"""Is language-model pretraining (Dai & Le 2015) worth its time here? `accurate` with and without.

    python benchmarks/pretraining.py REVIEWS.parquet --unlabeled MORE.parquet [--passes 3]
        [--units 64] [--rates 2e-3,3e-3] [--epochs 5] [--moved 0.3] [--keep FILE.npz]

Before the labels are looked at, the forward reader of the layer learns to say the next word of all
texts but the held-out ones, and the backward reader the one before: by a softmax over the word and
512 drawn by frequency ** 0.75 (sampled softmax, Jean et al. 2015), with Adam, the rate
up a tenth of the way and down a cosine. It begins with the vectors that `accurate` begins with, and
changes them. Then `accurate` learns from the labels, at each of the rates, once with the seed 0;
`--passes 0` leaves the language model out. 5,000 held-out texts (stratified, seed 0) are measured
after each epoch. `--keep` writes what was pretrained, or reads it where it is there.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

import bothways.estimators._ready as ready
import bothways.estimators._vectors as of_estimator
from bothways import Ragged, TextClassifier, kernels, optim
from bothways.artifact import TABLE, layer_names
from bothways.data import batches, read, split
from bothways.optim import RowGradient
from bothways.training import preset
from bothways.training._dropout import Masks
from bothways.training._embedding import embed_backward, embed_forward
from bothways.training._recurrence import Engine, layers_backward, layers_forward

DRAWN, TEXTS, RATE = 512, 64, 2e-3


class Drawn(NamedTuple):
    """The words that stand for all others in a step, and the log of how often each is drawn."""

    words: np.ndarray
    log_expected: np.ndarray


def said(states, table, targets, drawn, tokens):
    """What it costs to say the targets, in nats; the gradients of it over `tokens`, of the states
    `(n, H)` and of the rows of `table (V, H + 1)`, whose last column is a bias."""
    own = kernels.unique(targets.astype(np.int32), len(table))
    mine, others = table[own.distinct][own.inverse], table[drawn.words]
    right = np.einsum("nh,nh->n", states, mine[:, :-1]) + mine[:, -1] - drawn.log_expected[targets]
    logits = states @ others[:, :-1].T
    logits += others[:, -1] - drawn.log_expected[drawn.words]
    logits[targets[:, None] == drawn.words] = -np.inf
    top = np.maximum(logits.max(axis=1), right)
    logits -= top[:, None]
    others_e, right_e = np.exp(logits, out=logits), np.exp(right - top)
    total = others_e.sum(axis=1) + right_e
    loss = float((np.log(total) + top - right).sum())
    others_e /= (total * tokens)[:, None]
    d_right = ((right_e / total - 1) / tokens).astype(np.float32)
    d_states = others_e @ others[:, :-1] + d_right[:, None] * mine[:, :-1]
    read_by = np.concatenate([states, np.ones((len(states), 1), np.float32)], axis=1)
    gradients = np.concatenate(
        [kernels.sum_by_token(read_by * d_right[:, None], own), others_e.T @ read_by]
    )
    words = kernels.unique(np.concatenate([own.distinct, drawn.words]), len(table))
    return loss, d_states, RowGradient(words.distinct, kernels.sum_by_token(gradients, words))


def pretrain(tensors, ids: Ragged, passes: int) -> None:
    """Change the table and the layer's weights of `tensors` in place."""
    threads, rng = kernels.default_threads(), np.random.default_rng(0)
    table, names = tensors[TABLE], layer_names(0)
    V, H = len(table), tensors[names[1]].shape[1]
    count = np.bincount(ids.values, minlength=V).astype(np.float64)
    count[:2] = 0  # padding and the unknown word are never said
    share = count**0.75 / (count**0.75).sum()
    log_expected = np.log(np.maximum(DRAWN * share, 1e-12)).astype(np.float32)
    heads = {}
    for head in ("next", "previous"):
        heads[head] = rng.normal(0, 0.05, (V, H + 1)).astype(np.float32)
        heads[head][:, -1] = np.log(np.maximum(count / count.sum(), 1e-9))
    optimizer = optim.Adam({name: tensors[name] for name in (TABLE, *names)} | heads)
    steps, done = math.ceil(len(ids) / TEXTS) * passes, 0
    engine, nothing_dropped = Engine("f32", None, threads), Masks(None, None, (), None)
    loss = tokens = 0.0
    for _ in range(passes):
        for texts in batches(ids.lengths, TEXTS, rng=rng, bucket=20):
            part = ids.take(texts)
            offsets, values = part.offsets, part.values
            words = kernels.unique(values, V)
            optimizer.ready(TABLE, words.distinct)
            embedded = embed_forward(table, words, offsets, nothing_dropped, threads)
            layers = layers_forward(tensors, embedded, offsets, (), True, engine)
            output = layers[-1].states.output
            d_output, gradients = np.zeros_like(output), {}
            text = np.repeat(np.arange(len(part)), part.lengths)
            drawn = np.unique(np.searchsorted(np.cumsum(share), rng.random(DRAWN)))
            drawn = Drawn(drawn.clip(2, V - 1).astype(np.int32), log_expected)
            inside = np.flatnonzero(text[1:] == text[:-1])  # the token behind is of the same text
            for head, half, at, of in (
                ("next", slice(0, H), inside, inside + 1),
                ("previous", slice(H, None), inside + 1, inside),
            ):
                known = values[of] > 1
                at, targets = at[known], values[of][known]
                optimizer.ready(head, np.union1d(targets, drawn.words).astype(np.int32))
                states = np.ascontiguousarray(output[at, half])
                cost, d_states, gradients[head] = said(
                    states, heads[head], targets, drawn, len(values)
                )
                d_output[at, half] = d_states
                loss, tokens = loss + cost, tokens + len(at)
            of_layer, d_x = layers_backward(tensors, layers, offsets, (), d_output, None, engine)
            gradients |= of_layer
            gradients[TABLE] = embed_backward(d_x, embedded, words, nothing_dropped, threads)
            done, up = done + 1, max(1, steps // 10)
            down = (1 + math.cos(math.pi * (done - up) / max(1, steps - up))) / 2
            optimizer.step(gradients, rate=RATE * min(done / up, down if done > up else 1.0))
            if done % 200 == 0 or done == steps:
                print(
                    f"step {done} of {steps}: {loss / max(1, tokens):.3f} nats a word", flush=True
                )
                loss = tokens = 0.0
    optimizer.settle()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--unlabeled", required=True)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--rates", default="2e-3,3e-3")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--moved", type=float, default=0.3, help="the adversarial distance")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    rows = read(given.data)
    more, labels = read(given.unlabeled, need_labels=False).texts, np.array(rows.labels)
    train, held = split(labels, 5000, 0)
    seen: dict[str, Ragged] = {}
    new_learner, learn_vectors = ready.new_learner, of_estimator.learn_vectors

    def remember(ids, *rest, **how):
        seen["ids"] = ids
        return learn_vectors(ids, *rest, **how)

    def place(tensors) -> None:
        names = (TABLE, *layer_names(0))
        if given.keep and given.keep.exists():
            with np.load(given.keep) as kept:
                for name in names:
                    tensors[name][...] = kept[name]
            return
        pretrain(tensors, seen["ids"], given.passes)
        if given.keep:
            np.savez(given.keep, **{name: tensors[name] for name in names})

    of_estimator.learn_vectors = remember
    if given.passes:
        ready.new_learner = lambda *what, **how: new_learner(*what, **{**how, "place": place})
    for rate in given.rates.split(","):
        recipe = replace(
            preset("accurate"),
            hidden_size=given.units,
            learning_rate=float(rate),
            epochs=given.epochs,
            least_steps=0,
            adversarial=given.moved,
        )
        started = time.perf_counter()
        one = TextClassifier(preset=recipe, random_state=0)
        valid = ([rows.texts[n] for n in held], labels[held])
        one.fit([rows.texts[n] for n in train], labels[train], valid=valid, unlabeled=more)
        reached = ", ".join(f"{100 * epoch.valid_accuracy:.2f}" for epoch in one.history_)
        seconds = time.perf_counter() - started
        print(f"rate {rate}: {reached} % after each epoch, {seconds:.0f} s in all", flush=True)


if __name__ == "__main__":
    main()
