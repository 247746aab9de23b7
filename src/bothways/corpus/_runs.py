"""Counts of words on disk, sorted, so that more words than fit into memory can be summed up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from bothways.errors import require
from bothways.text import Counted, frequent, ranked


class Words(NamedTuple):
    """The words of a vocabulary in the order of their ids from 2, how often each occurs, and how
    many tokens there are in all."""

    words: list[str]
    counts: list[int]
    tokens: int


def arrow() -> Any:
    """pyarrow, with its IPC files."""
    require("pyarrow.compute", extra="train", purpose="training from shards")
    return require("pyarrow", extra="train", purpose="training from shards")


def schema() -> Any:
    pa = arrow()
    return pa.schema([("word", pa.large_binary()), ("count", pa.int64())])


def run_of(counted: Counted) -> Any:
    """A record batch of the words, in the order of their bytes."""
    pa = arrow()
    buffers = [None, pa.py_buffer(counted.offsets), pa.py_buffer(counted.utf8)]
    words = pa.Array.from_buffers(pa.large_binary(), len(counted.counts), buffers)
    run = pa.record_batch([words, pa.array(counted.counts)], schema=schema())
    return run.sort_by("word")


def most_frequent(files: Sequence[str], max_tokens: int | None, at_once: int) -> Words:
    """The words that `TextVectorizer.adapt` would keep of all texts whose runs are in `files`.

    About `at_once` words are summed up at a time: a range of the alphabet after the other.
    """
    pa = arrow()
    with ExitStack() as open_files:
        runs = []
        for path in files:
            reader = pa.ipc.open_file(open_files.enter_context(pa.memory_map(path)))
            runs += [reader.get_batch(n) for n in range(reader.num_record_batches)]
        words: list[bytes] = []
        counts: list[int] = []
        tokens = 0
        for part in _ranges(runs, at_once):
            table = pa.Table.from_batches(part, schema()).group_by("word", use_threads=False)
            table = table.aggregate([("count", "sum")])
            found = table["count_sum"].to_numpy()
            tokens += int(found.sum())
            kept = frequent(found, max_tokens)
            words += table["word"].take(kept).to_pylist()
            counts += found[kept].tolist()
        del runs
    count_of = dict(zip(words, counts, strict=True))
    vocabulary = ranked(words, counts, max_tokens)
    return Words(vocabulary, [count_of[word.encode()] for word in vocabulary], tokens)


def _ranges(runs: list[Any], at_once: int) -> Any:
    """The same range of words of every run, one range after the other, until all were there."""
    if not runs:
        return
    largest = max(runs, key=len)
    parts = -(-sum(map(len, runs)) // at_once)
    starts = [0] * len(runs)
    for part in range(1, parts + 1):
        if part == parts:
            ends = [len(run) for run in runs]
        else:
            end = largest["word"][part * len(largest) // parts].as_py()
            ends = [_first_from(run["word"], end) for run in runs]
        yield [r.slice(a, b - a) for r, a, b in zip(runs, starts, ends, strict=True)]
        starts = ends


def _first_from(words: Any, end: bytes) -> int:
    """The place of the first word that is not before `end`."""
    return bisect_left(range(len(words)), end, key=lambda n: words[n].as_py())
