"""Shards through a model in this process, on all its cores.

One thread reads and writes, a piece of a shard after another; the others compute, each a slice
of a piece by itself. So no core waits for another, and reading and writing cost what they cost.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from bothways.errors import DataError
from bothways.runtime import Model
from bothways.scoring._answers import Answers, Cost, answer
from bothways.scoring._form import Form, Piece
from bothways.scoring._jobs import Job
from bothways.scoring._open import open_form
from bothways.scoring._out import Out, Sink
from bothways.scoring._plan import Settings
from bothways.scoring._table import answer_fields, answer_names
from bothways.storage import check_unchanged

# Texts of a slice: many times what the kernels compute at a time, few enough that at the end
# no thread is left alone with much.
_SLICE = 1024

# Pieces that are read before they are written.
_AHEAD = 3


@dataclass(frozen=True)
class Done:
    """What became of a shard: its rows, how many of them have an error, what they cost; or why
    it `failed`, and then nothing of it is there."""

    name: str
    rows: int = 0
    errors: int = 0
    cost: Cost = field(default_factory=Cost)
    failed: str | None = None


class _Step(NamedTuple):
    """Of a shard: its beginning (`parts` is None), a piece and its parts, or its end."""

    job: Job
    form: Form | None
    rows: Any = None
    parts: list[Future[Answers]] | None = None
    done: Done | None = None


def score_shards(
    model: Model, jobs: Iterable[Job], out: Out, settings: Settings, threads: int
) -> Generator[Done | int]:
    """Score each shard and write it to `out`; the number of rows as each piece is written, and
    `Done` at the end of each shard.

    A shard that cannot be read is told and the next one begun. Raises `DataError` if nothing can
    be written; nothing is half-written then, or if the generator is closed.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="bothways")
    waiting: deque[_Step] = deque()
    writer = _Writer(model, out, settings)
    try:
        for step in _steps(model, jobs, settings, pool):
            waiting.append(step)
            while len(waiting) > _AHEAD:
                yield from writer.take(waiting.popleft())
        while waiting:
            yield from writer.take(waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        writer.discard()


def _steps(
    model: Model, jobs: Iterable[Job], settings: Settings, pool: ThreadPoolExecutor
) -> Iterator[_Step]:
    """What is to be written, in order, while it is read."""
    names = answer_names(settings.prefix or "")

    def slices(piece: Piece) -> Iterator[Future[Answers]]:
        for start in range(0, len(piece.texts), _SLICE):
            texts = piece.texts.slice(start, _SLICE)
            errors = {n - start: e for n, e in piece.errors.items() if n >= start}
            rejecting = settings.reject_below
            yield pool.submit(answer, model, texts, errors, reject_below=rejecting, threads=1)

    for job in jobs:
        read = 0.0
        try:
            with open_form(job.shard) as form:
                pieces = form.pieces(form.text(settings.text), names)
                yield _Step(job, form)
                while True:
                    start = time.thread_time()
                    piece = next(pieces, None)
                    read += time.thread_time() - start
                    if piece is None:
                        break
                    yield _Step(job, form, piece.rows, list(slices(piece)))
            check_unchanged(job.shard)
        except DataError as error:
            yield _Step(job, None, done=Done(job.shard.name, failed=str(error)))
        else:
            yield _Step(job, form, done=Done(job.shard.name, cost=Cost(read=read)))


class _Writer:
    """Takes the steps of one shard after another."""

    def __init__(self, model: Model, out: Out, settings: Settings) -> None:
        self._out, self._fingerprint = out, model.fingerprint
        self._names = answer_names(settings.prefix or "")
        self._fields = answer_fields(model.spec.network.multilabel)
        self._sink: Sink | None = None
        self._form: Form | None = None
        self._rows = self._errors = 0
        self._cost = Cost()
        self._since = time.process_time()

    def take(self, step: _Step) -> Iterator[Done | int]:
        """Write what a step brings; see `score_shards`."""
        if step.done is not None:
            yield self._ended(step.done)
        elif step.parts is None:
            assert step.form is not None
            self._form, self._sink = step.form, Sink(self._out, step.job.name)
            self._rows, self._errors, self._cost = 0, 0, Cost()
            with self._sink.told():
                step.form.begin(self._sink.stream, self._names, self._fields)
        else:
            yield self._written(step.rows, [part.result() for part in step.parts])

    def _written(self, rows: Any, answers: list[Answers]) -> int:
        assert self._form is not None and self._sink is not None
        start = time.thread_time()
        with self._sink.told():
            self._form.write(rows, answers, self._fingerprint)
        spent = Cost(write=time.thread_time() - start)
        self._cost = sum((part.cost for part in answers), self._cost + spent)
        count = sum(len(part.error) for part in answers)
        self._rows += count
        self._errors += sum(len(part.error) - part.error.null_count for part in answers)
        return count

    def _ended(self, done: Done) -> Done:
        if done.failed is None:
            assert self._form is not None and self._sink is not None
            with self._sink.told():
                self._form.end()
            self._form = None
            self._sink.commit()
            done = replace(done, rows=self._rows, errors=self._errors, cost=done.cost + self._cost)
        self.discard()
        # The next shard is being read by now: of all of them the sum is right.
        since, self._since = self._since, time.process_time()
        return replace(done, cost=done.cost + Cost(all=self._since - since))

    def discard(self) -> None:
        """Remove what is not whole."""
        if self._form is not None:
            with suppress(Exception):  # of a file that nobody wants any more
                self._form.end()
        if self._sink is not None:
            self._sink.discard()
        self._form = self._sink = None
