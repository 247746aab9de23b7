"""Several labels a text: `fast` and its ingredients beside TF-IDF.

    python benchmarks/several.py CONLL2000.txt [--seeds 3]

Which kinds of phrases does a sentence have? The texts are the sentences of a file of CoNLL-2000
(Tjong Kim Sang & Buchholz 2000), a word, its part of speech and its chunk a line; the labels of
each are those of ADJP, ADVP, PP, PRT and SBAR that begin in it, from none to five. A fifth is held
out, and chooses the best pass, as `train` does; each seed holds out others. Micro F1 on the
held-out sentences, mean and least to most, and how often all labels are right. TF-IDF counts words
and pairs of words, with a logistic regression for each label, as `evaluate --baseline` does.
"""

import argparse
from dataclasses import replace

import numpy as np

from bothways import TextClassifier
from bothways.data import Dataset, rarest_labels, split
from bothways.report import train_baseline
from bothways.report._intervals import micro_f1
from bothways.report._several import indicators, set_counts
from bothways.training import preset

KINDS = ["ADJP", "ADVP", "PP", "PRT", "SBAR"]
VARIANTS = {
    "fast": ("fast", {}),
    "fast, never adversarial": ("fast", {"few_adversarial": 0.0}),
    "fast, first scores even": ("fast", {"output_bias": "zeros"}),
    "accurate": ("accurate", {}),
}


def read_sentences(path: str) -> Dataset:
    texts, sets, words, kinds = [], [], [], set()
    with open(path, encoding="utf-8") as lines:
        for line in [*lines, ""]:
            if line.strip():
                word, _, chunk = line.split()
                words.append(word)
                if chunk.startswith("B-") and chunk[2:] in KINDS:
                    kinds.add(chunk[2:])
            elif words:
                texts.append(" ".join(words))
                sets.append(tuple(sorted(kinds)))
                words, kinds = [], set()
    return Dataset(texts, None, path, label_sets=sets)


def row(name: str, found: list[tuple[float, float]]) -> None:
    f1, right = (100 * np.array(figures) for figures in zip(*found, strict=True))
    spread = f"{f1.min():.1f} to {f1.max():.1f}"
    print(f"| {name} | {f1.mean():.1f} | {spread} | {right.mean():.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    rows = read_sentences(given.data)
    parts = [split(rarest_labels(rows.label_sets), 0.2, seed) for seed in range(given.seeds)]
    print(f"{len(rows):,} sentences\n\n| | micro F1, % | least to most | all labels right, % |")
    print("|---|---:|---|---:|")
    found = []
    for train, held in parts:
        truth = indicators(KINDS, rows.take(held).label_sets)
        sets = train_baseline(rows.take(train), True).predict_sets(rows.take(held).texts)
        guess = indicators(KINDS, sets)
        found.append((micro_f1(set_counts(truth, guess)), (truth == guess).all(axis=1).mean()))
    row("TF-IDF with pairs, logistic regressions", found)
    for name, (base, changes) in VARIANTS.items():
        recipe, found = replace(preset(base), **changes), []
        for seed in range(given.seeds):
            one = TextClassifier(preset=recipe, validation=0.2, random_state=seed)
            best = one.fit(rows.texts, rows.label_sets).history_.best
            found.append((best.valid_f1, best.valid_accuracy))
        row(name, found)


if __name__ == "__main__":
    main()
