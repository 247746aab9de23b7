"""What do word vectors bring that somebody else has trained, and how large should they be?

    python benchmarks/vectors.py REVIEWS.parquet --texts MORE.parquet --peer .venv-bench/bin/python
        [--questions QUESTIONS.parquet] [--seeds 3] [--keep FOLDER]

fastText, of the Python `--peer` (that of `make bench`), learns vectors of 64 numbers from the texts
of MORE: skipgram, three epochs, n-grams of 3 to 5 characters. Then `fast` learns from the reviews,
5,000 held out (each seed holds out others), and from the questions, a fifth held out: with vectors
drawn by chance, with those that it learns itself, with fastText's as `.vec` and as `.bin`, and with
the latter at other standard deviations than `bothways.vectors.SPREAD`. The best accuracy on the
held-out texts, mean and least to most over the seeds, and how many words and tokens have a vector.
`--keep` writes the vectors there, or takes them from there.
"""

import argparse
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import bothways.estimators._vectors as of_estimator
from bothways import TextClassifier
from bothways.data import read
from bothways.text import TextVectorizer
from bothways.training import preset

LEARN = """
import sys
import fasttext
lines, folder, threads = sys.argv[1:]
model = fasttext.train_unsupervised(lines, model="skipgram", dim=64, epoch=3, minn=3, maxn=5,
                                    thread=int(threads))
model.save_model(folder + "/vectors.bin")
with open(folder + "/vectors.vec", "w") as file:
    words = model.get_words()
    print(len(words), 64, file=file)
    for word in words:
        print(word, *("%.5f" % x for x in model.get_word_vector(word)), file=file)
"""
CASES = {
    "drawn by chance": ({"word_vectors": "random"}, None, None),
    "`fast`'s own": ({}, None, None),
    "as `.vec`": ({}, "vectors.vec", None),
    "as `.bin`": ({}, "vectors.bin", None),
    **{f"as `.bin`, scaled to {x}": ({}, "vectors.bin", x) for x in (0.03, 0.3, 0.6)},
}


def learn(texts: str, peer: str, folder: Path) -> None:
    """Have fastText learn, from words as our vectorizer sees them."""
    vectorizer = TextVectorizer()
    lines = folder / "lines.txt"
    with lines.open("w", encoding="utf-8") as file:
        for text in read(texts, need_labels=False).texts:
            print(*vectorizer.tokens(text), file=file)
    subprocess.run([peer, "-c", LEARN, lines, folder, "2"], check=True, stdout=subprocess.DEVNULL)
    lines.unlink()


def measure(data: str, held_out: float | int, folder: Path, seeds: int) -> None:
    rows = read(data)
    print(f"\n{data}\n| | words | tokens | accuracy, % | least to most | log loss |")
    print("|---|---:|---:|---:|---|---:|")
    for name, (changes, file, scale) in CASES.items():
        of_estimator.SPREAD = scale or 0.1
        reached, losses, covered = [], [], ("", "")
        for seed in range(seeds):
            one = TextClassifier(
                preset=replace(preset("fast"), **changes),
                vectors=None if file is None else str(folder / file),
                validation=held_out,
                random_state=seed,
            ).fit(rows.texts, rows.labels)
            best = one.history_.best
            reached.append(100 * best.valid_accuracy)
            losses.append(best.valid_loss)
            facts = one.model_.spec.training.get("vectors")
            if facts:
                shares = (facts["words"] / facts["of_words"], facts["token_share"])
                covered = tuple(f"{100 * share:.1f} %" for share in shares)
        spread = f"{min(reached):.2f} to {max(reached):.2f}"
        cells = (name, *covered, f"{np.mean(reached):.2f}", spread, f"{np.mean(losses):.3f}")
        print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reviews")
    parser.add_argument("--texts", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--questions")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        if not (folder / "vectors.vec").exists():
            learn(given.texts, given.peer, folder)
        measure(given.reviews, 5000, folder, given.seeds)
        if given.questions:
            measure(given.questions, 0.2, folder, given.seeds)


if __name__ == "__main__":
    main()
