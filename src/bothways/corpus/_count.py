"""The first pass: words and labels of a shard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bothways.artifact import new_file
from bothways.corpus._plan import Input, Plan
from bothways.corpus._runs import arrow, run_of, schema
from bothways.corpus._tally import Tally


def count_shard(
    plan: Plan, input: Input, path: str, at_once: int, going_on: Callable[[int], None]
) -> dict[str, Tally]:
    """Write the words of a shard that are learned from to `path`, in runs of about `at_once`
    distinct ones; returns what is learned from, `train`, and what is held out, `valid`.

    `going_on` is told the rows of each piece, and may raise. Raises `DataError`, `OSError`.
    """
    pa = arrow()
    vectorizer = plan.new_vectorizer()
    words, tallies = vectorizer.counter(), {"train": Tally(), "valid": Tally()}
    with new_file(path) as file, pa.ipc.new_file(file, schema()) as writer:
        for piece, held_out in plan.parts(input):
            going_on(len(piece))
            for name, wanted in (("train", ~held_out), ("valid", held_out)):
                if not wanted.any():
                    continue
                rows = piece if wanted.all() else piece.take(np.flatnonzero(wanted))
                # Of what is held out no word is learned.
                counter = words if name == "train" else vectorizer.counter()
                tallies[name].add_rows(rows, counter.add(rows.texts))
            if len(words) >= at_once:
                writer.write_batch(run_of(words.arrays()))
                words = vectorizer.counter()
        writer.write_batch(run_of(words.arrays()))
    return tallies
