"""Train fastText, in a way that survives its fault: a function, and a script for a process alone.

fastText 0.9.3 reads memory that it never filled: in a process that has used and freed memory it
ends in "Encountered NaN", with one thread or two and at any learning rate tried, and with every
new block set to zero it does not. So blocks are zeroed while it trains.
"""

import ctypes
import json
import sys

M_PERTURB = -6  # from glibc's malloc.h: fill new blocks with the complement of a byte; 0: do not
UNIGRAMS = {"wordNgrams": 1, "lr": 0.25, "epoch": 10}  # the best of a small grid
BIGRAMS = {"wordNgrams": 2, "lr": 1.0, "epoch": 5}


def train(lines, **settings):
    """Train on a file of `__label__` lines."""
    import fasttext

    libc = ctypes.CDLL(None)
    libc.mallopt(M_PERTURB, 0xFF)
    try:
        return fasttext.train_supervised(str(lines), verbose=0, **settings)
    finally:
        libc.mallopt(M_PERTURB, 0)


if __name__ == "__main__":
    train(sys.argv[1], **json.loads(sys.argv[3])).save_model(sys.argv[2])
