"""What each ingredient of a preset is worth, on several seeds, beside TF-IDF.

    python benchmarks/accuracy.py REVIEWS.parquet [--only fast --only accurate] [--seeds 3]
    python benchmarks/accuracy.py QUESTIONS.parquet --folds 5 --seeds 1 [--only fast]
    python benchmarks/accuracy.py REVIEWS.parquet --texts 1000 [--unlabeled MORE.parquet]

Each row changes one field of `fast` or `accurate` (see VARIANTS) and trains on all but 5,000
held-out texts (stratified, seed 0), or, with `--folds`, on all but each fold. The held-out texts
choose the best epoch, as `train --valid` has it; so that nothing is gained by choosing, `last`
is the accuracy after the last epoch. A row prints the mean and the least and most over seeds or
folds, and the mean seconds of `fit`. Beside them TF-IDF over words and pairs of words that two
texts have, with logistic regression whose C is the best of 1, 3, 10, 30, 100 on the held-out texts.
With `--texts N` all train on the first N of the training texts only; `--unlabeled` gives ours
texts without labels beside them, as `train --unlabeled` does. `--picture` draws how each row
learned: the loss on both parts and the accuracy on the held-out one after every pass, the means
over seeds and folds.
"""

import argparse
import time
from dataclasses import replace

import matplotlib
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bothways import TextClassifier
from bothways.data import read, split
from bothways.training import preset

VARIANTS = {
    "fast": ("fast", {}),
    "fast, words end at punctuation": (
        "fast",
        {"standardize": "lower_and_split_at_punctuation"},
    ),
    "fast, word vectors drawn by chance": ("fast", {"word_vectors": "random"}),
    "fast, vectors not told of labels": ("fast", {"word_vectors": "unsupervised"}),
    "fast, whole words dropped": ("fast", {"word_dropout": 0.2}),
    "fast, no feature of a word dropped": ("fast", {"embedding_dropout": 0.0}),
    "fast, 20,000 words": ("fast", {"max_tokens": 20_000}),
    "fast, mean over time": ("fast", {"pooling": "mean"}),
    "fast, last state": ("fast", {"pooling": "last"}),
    "fast, constant rate": ("fast", {"schedule": "constant", "learning_rate": 1e-3}),
    "fast, Adam": ("fast", {"optimizer": "adam", "learning_rate": 2e-3}),
    "fast, two passes": ("fast", {"epochs": 2, "least_steps": 0}),
    "fast, four passes": ("fast", {"epochs": 4, "least_steps": 0}),
    "fast, adversarial": ("fast", {"adversarial": 0.3}),
    "fast, never adversarial": ("fast", {"few_adversarial": 0.0}),
    "fast, first scores even": ("fast", {"output_bias": "zeros"}),
    "accurate": ("accurate", {}),
    "accurate, words end at punctuation": (
        "accurate",
        {"standardize": "lower_and_split_at_punctuation"},
    ),
    "accurate, not adversarial": ("accurate", {"adversarial": 0.0}),
    "accurate, hidden 32": ("accurate", {"hidden_size": 32}),
}


def parts(labels, folds):
    """Places of the training and the held-out texts, one pair or one for each fold."""
    if not folds:
        train, held = split(labels, 5000, 0)
        return [(np.array(train), np.array(held))]
    folder = StratifiedKFold(folds, shuffle=True, random_state=0)
    return list(folder.split(np.zeros(len(labels)), labels))


def row(name, best, last, seconds):
    spread = f"{100 * min(best):.2f} to {100 * max(best):.2f}"
    print(
        f"| {name} | {100 * np.mean(best):.2f} | {spread} | {100 * np.mean(last):.2f} "
        f"| {np.mean(seconds):.0f} |",
        flush=True,
    )


def ours(name, texts, labels, pairs, seeds, unlabeled):
    base, changes = VARIANTS[name]
    recipe, best, last, seconds = replace(preset(base), **changes), [], [], []
    histories = []
    for train, held in pairs:
        valid = ([texts[n] for n in held], labels[held])
        for seed in range(seeds):
            started = time.perf_counter()
            one = TextClassifier(preset=recipe, random_state=seed)
            one.fit([texts[n] for n in train], labels[train], valid=valid, unlabeled=unlabeled)
            seconds.append(time.perf_counter() - started)
            histories.append(list(one.history_))
            reached = [epoch.valid_accuracy for epoch in histories[-1]]
            best.append(max(reached))
            last.append(reached[-1])
    row(name, best, last, seconds)
    return [
        [
            np.mean([getattr(epoch, key) for epoch in passes])
            for passes in zip(*histories, strict=True)
        ]
        for key in ("train_loss", "valid_loss", "valid_accuracy")
    ]


def draw(curves, baseline, path):
    """How each row learned, from what `ours` returns, by name."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for n, (name, (train, valid, accuracy)) in enumerate(curves.items()):
        passes = range(1, len(train) + 1)
        left.plot(passes, train, ":", color=f"C{n}", label=f"{name}: learned from")
        left.plot(passes, valid, "o-", color=f"C{n}", label=f"{name}: held out")
        right.plot(passes, [100 * share for share in accuracy], "o-", color=f"C{n}", label=name)
    right.axhline(100 * baseline, color="grey", linestyle="--", label="TF-IDF with pairs")
    left.set(xlabel="passes", ylabel="loss, nats a text", ylim=(0, None))
    right.set(xlabel="passes", ylabel="held-out accuracy, %")
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130, facecolor="white")


def tfidf(texts, labels, pairs):
    reached, seconds = {c: [] for c in (1, 3, 10, 30, 100)}, []
    for train, held in pairs:
        started = time.perf_counter()
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        x = vectorizer.fit_transform([texts[n] for n in train])
        x_held = vectorizer.transform([texts[n] for n in held])
        prepared = time.perf_counter() - started
        for c, scores in reached.items():
            started = time.perf_counter()
            model = LogisticRegression(C=c, max_iter=1000).fit(x, labels[train])
            scores.append(model.score(x_held, labels[held]))
            seconds.append(prepared + time.perf_counter() - started)
    best = max(reached.values(), key=np.mean)
    row("TF-IDF with pairs, logistic regression", best, best, seconds)
    return np.mean(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--only", action="append", choices=VARIANTS, help="a row; may be repeated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--texts", type=int, help="train on so many only")
    parser.add_argument("--picture", help="how the rows learned, as a PNG")
    parser.add_argument("--unlabeled", help="a file of texts, whose labels, if any, are not read")
    given = parser.parse_args()
    rows = read(given.data)
    labels = np.array(rows.labels)
    pairs = [(train[: given.texts], held) for train, held in parts(labels, given.folds)]
    unlabeled = read(given.unlabeled, need_labels=False).texts if given.unlabeled else None
    print("| | accuracy, % | least to most | last | seconds |\n|---|---:|---|---:|---:|")
    baseline, curves = tfidf(rows.texts, labels, pairs), {}
    for name in given.only or VARIANTS:
        curves[name] = ours(name, rows.texts, labels, pairs, given.seeds, unlabeled)
    if given.picture:
        draw(curves, baseline, given.picture)


if __name__ == "__main__":
    main()
