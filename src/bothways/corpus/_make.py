"""A corpus: texts and labels as ids on disk, made once and used again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import numpy as np

from bothways._amounts import size
from bothways.corpus._blocks import ROW, Blocks
from bothways.corpus._count import count_shard
from bothways.corpus._encode import PARTS, encode_shard
from bothways.corpus._folder import begin, locked, on_disk, touch
from bothways.corpus._notes import digest_of, read_note, write_note
from bothways.corpus._parallel import in_parallel
from bothways.corpus._plan import Plan
from bothways.corpus._runs import Words, most_frequent
from bothways.corpus._tally import Tally
from bothways.errors import CacheError, DataError
from bothways.text import TextVectorizer

WORD_BYTES = 200
"""Bytes of memory that a distinct word takes while words are counted, about."""

Note = dict[str, Any]


class Progress(Protocol):
    """Told, by any thread, what is done now, to how many rows so far, and of how many in all."""

    def __call__(self, what: str, rows: int, of: int | None) -> None: ...


class Corpus(NamedTuple):
    """The texts of a plan, by part: `train`, what is learned from, and `valid`, what is held out.

    `labels` are sorted; `sets`: whether a text may have several. `words` are those of the
    vectorizer. `fingerprint`: 64 hexadecimal digits that change with the ids or labels.
    """

    path: str
    vectorizer: TextVectorizer
    words: Words
    labels: tuple[str, ...]
    sets: bool
    blocks: dict[str, Blocks]
    tallies: dict[str, Tally]
    fingerprint: str

    def has(self, label: str) -> bool:
        """Whether a text has it."""
        return any(label in tally.labels for tally in self.tallies.values())


@contextmanager
def open_corpus(
    plan: Plan,
    root: str,
    *,
    memory: int,
    threads: int,
    tell: Callable[[str], None],
    progress: Progress = lambda what, rows, of: None,
) -> Iterator[Corpus]:
    """The plan's corpus in the folder `root`, made as far as it is not there, ours to read within
    the block. `memory`, bytes, bounds what is done at once; the result depends on neither it nor
    `threads`. `tell` is told what is done, in sentences; `progress` what is done now, to how many
    rows so far, and of how many in all, None while that is not known.

    Raises `DataError` for rows that cannot be used, and `CacheError` where the disk has no room,
    or the folder cannot be written or changes.
    """
    path, waited, made = os.path.join(root, plan.key), False, False
    while True:
        with locked(path, shared=True) as ours:
            if ours and (corpus := _read(plan, path, threads)):
                if not made:
                    tell(f"using the cache at {path} ({size(on_disk(path))})")
                touch(path)
                yield corpus
                return
        if made:
            raise CacheError(f"{path}: the cache was changed as soon as it was made")
        with locked(path) as ours:
            if ours:
                _make(plan, path, memory, threads, tell, progress)
                made = True
                continue
        if not waited:
            tell(f"{path}: waiting for another run, which makes this cache now")
        waited = True
        time.sleep(0.2)


def _make(
    plan: Plan,
    path: str,
    memory: int,
    threads: int,
    tell: Callable[[str], None],
    progress: Progress,
) -> None:
    try:
        begin(path, plan)
        words = read_note(_words(path))
        if words is None:
            data = sum(input.shard.bytes for input in plan.inputs)
            count = len(plan.inputs)
            shards = f"{count:,} shard{'s' if count > 1 else ''}"
            tell(f"counting the words of {shards} ({size(data)})")
            words = _count(plan, path, memory, threads, progress)
        labels, learned, sets = _labels(plan, words)
        _announce(path, words, tell)
        vectorizer = plan.new_vectorizer(words["words"])
        places = {label: n for n, label in enumerate(labels)}
        rows_of = [sum(note[name]["texts"] for name in PARTS) for note in words["shards"]]

        def encode(n: int, going_on: Callable[[int], None]) -> None:
            if _note(path, n) is not None:
                going_on(rows_of[n])
            else:
                paths = {name: _file(path, n, name) for name in PARTS}
                how = (vectorizer, places, learned, sets, going_on)
                note = encode_shard(plan, plan.inputs[n], paths, *how)
                for name in PARTS:
                    note[name]["sha256"] = digest_of(paths[name])
                write_note(_file(path, n), note)

        told = partial(progress, "making the cache", of=sum(rows_of))
        in_parallel(encode, len(plan.inputs), threads, told)
    except OSError as error:
        raise CacheError(
            f"{path}: the cache could not be written ({error.strerror or error}); what was "
            "written stays, and the next run goes on from there"
        ) from None


def _count(plan: Plan, path: str, memory: int, threads: int, progress: Progress) -> Note:
    """The words and labels of all shards; what was counted of each is kept until that is done."""
    at_once = max(1000, memory // 2 // WORD_BYTES)
    of_each = max(1000, at_once // min(threads, len(plan.inputs)))

    def count(n: int, going_on: Callable[[int], None]) -> None:
        file, note = _file(path, n, "words"), read_note(_file(path, n, "words", ".json"))
        if note is None or note["sha256"] != digest_of(file):
            tallies = count_shard(plan, plan.inputs[n], file, of_each, going_on)
            note = {name: tally.document() for name, tally in tallies.items()}
            write_note(_file(path, n, "words", ".json"), {**note, "sha256": digest_of(file)})

    told = partial(progress, "counting words", of=None)
    in_parallel(count, len(plan.inputs), threads, told)
    shards = range(len(plan.inputs))
    notes = [read_note(_file(path, n, "words", ".json")) or {} for n in shards]
    files = [_file(path, n, "words") for n in shards]
    found = most_frequent(files, plan.vectorizer["max_tokens"], at_once)
    words = {**found._asdict(), "shards": [{k: note[k] for k in PARTS} for note in notes]}
    write_note(_words(path), words)
    for n in shards:
        for name in (files[n], _file(path, n, "words", ".json")):
            with suppress(FileNotFoundError):
                os.unlink(name)
    return words


def _labels(plan: Plan, words: Note) -> tuple[list[str], Any, bool]:
    """All labels, sorted, the plan's among them; which of them are learned from, `(C,)` bool; and
    whether a text may have several. Raises `DataError` for labels that are only held out, and for
    fewer than two."""
    tallies = [
        {name: Tally.from_document(note[name]) for name in PARTS} for note in words["shards"]
    ]
    found: dict[str, bool] = {}
    for input, tally in zip(plan.inputs, tallies, strict=True):
        if not input.held_out:
            found.update(dict.fromkeys(tally["train"].labels, True))
            for label in tally["valid"].labels:
                found.setdefault(label, False)
    for input, tally in zip(plan.inputs, tallies, strict=True):
        for label in sorted(tally["valid"].labels):
            if label not in found or not (found[label] or plan.by_chance):
                raise DataError(
                    f"{input.shard.name}: a text with the label {label!r} is held out, and none "
                    "with it is learned from"
                )
    labels = sorted(found.keys() | set(plan.labels))
    if len(labels) < 2:
        raise DataError(
            f"{plan.source}: {f'there is no label but {labels[0]!r}' if labels else 'no label'}; "
            "a classifier needs two or more labels to tell apart"
        )
    learned = np.array([found.get(label, False) for label in labels])
    return labels, learned, any(t[name].sets for t in tallies for name in PARTS)


def _announce(path: str, words: Note, tell: Callable[[str], None]) -> None:
    """Tell how large the cache gets. Raises `CacheError` if the disk has less room."""
    tallies = [Tally.from_document(note[name]) for note in words["shards"] for name in PARTS]
    needed = sum(4 * tally.kept + ROW // 2 * tally.texts for tally in tallies)
    free = shutil.disk_usage(path).free
    missing = needed - on_disk(path)
    if missing > free:
        raise CacheError(
            f"{path}: the cache takes {size(needed)}, and the disk has {size(free)} left; name "
            "another folder with cache=FOLDER (--cache FOLDER)"
        )
    tell(f"the cache takes {size(needed)} at {path}")


def _read(plan: Plan, path: str, threads: int) -> Corpus | None:
    """The corpus, if all of it is there and whole."""
    words = read_note(_words(path))
    if words is None:
        return None
    notes: list[Note | None] = [None] * len(plan.inputs)

    def check(n: int, going_on: Callable[[int], None]) -> None:
        notes[n] = _note(path, n)

    in_parallel(check, len(notes), threads)
    whole = [note for note in notes if note is not None]
    if len(whole) < len(notes):
        return None
    labels, _, sets = _labels(plan, words)
    tallies = {name: Tally() for name in PARTS}
    for note in whole:
        for name in PARTS:
            tallies[name].add(Tally.from_document(note[name]["tally"]))
    content = "".join(note[name]["sha256"] for note in whole for name in PARTS)
    return Corpus(
        path=path,
        vectorizer=plan.new_vectorizer(words["words"]),
        words=Words(words["words"], words["counts"], words["tokens"]),
        labels=tuple(labels),
        sets=sets,
        blocks={
            name: Blocks.of((_file(path, n, name), note[name]) for n, note in enumerate(whole))
            for name in PARTS
        },
        tallies=tallies,
        fingerprint=sha256("\0".join([content, *labels]).encode()).hexdigest(),
    )


def _note(path: str, n: int) -> Note | None:
    """What is noted of shard `n`, if its files are there and whole."""
    note = read_note(_file(path, n))
    if note is None:
        return None
    whole = all(digest_of(_file(path, n, name)) == note[name]["sha256"] for name in PARTS)
    return note if whole else None


def _words(path: str) -> str:
    return os.path.join(path, "words.json")


def _file(path: str, n: int, name: str | None = None, suffix: str = ".arrow") -> str:
    return os.path.join(path, f"{n:05}.{name}{suffix}" if name else f"{n:05}.json")
