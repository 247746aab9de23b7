"""What waits is gathered into ragged batches, which one thread computes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Generic, NamedTuple, TypeVar

from bothways.serving._answers import busy

Key = TypeVar("Key")

# Characters of a batch: some 16,000 tokens, a few milliseconds of work. Padding is never made,
# so long and short texts may be neighbours.
CHARACTERS = 100_000


class _Job(NamedTuple, Generic[Key]):
    key: Key
    texts: Sequence[str]
    characters: int
    answer: asyncio.Future[Any]


class Batcher(Generic[Key]):
    """Texts in, rows out, through batches of what waits for the same key: a model.

    `compute(key, texts)` gives something with an item for each text; it runs on `executor`, a batch
    at a time. While one is computed the next gathers, so that a text alone waits for nobody, and
    many share the work; there is no padding that a longer wait could save. A request with more
    texts than one batch holds comes again with the rest, behind those who wait.
    """

    def __init__(
        self,
        compute: Callable[[Key, list[str]], Any],
        executor: Executor,
        *,
        waiting: int,
        gathered: Callable[[int], None] = lambda texts: None,
    ) -> None:
        self._compute, self._executor, self._most = compute, executor, waiting
        self._gathered = gathered
        self._jobs: deque[_Job[Key]] = deque()
        self._running = False

    @property
    def waiting(self) -> int:
        """How many parts of requests wait."""
        return len(self._jobs)

    async def __call__(self, key: Key, texts: Sequence[str]) -> list[Any]:
        """What `compute` gives for each of `texts`, in order.

        Raises `Refused` (429) if too many wait, and whatever `compute` raises for these texts.
        """
        rows: list[Any] = []
        for part, characters in _parts(texts):
            if len(self._jobs) >= self._most:
                raise busy(f"{self._most} requests")
            loop = asyncio.get_running_loop()
            job = _Job(key, part, characters, loop.create_future())
            self._jobs.append(job)
            if not self._running:
                self._running = True
                loop.call_soon(self._start)  # behind others that arrived at this moment
            rows += await job.answer
        return rows

    def _start(self) -> None:
        """Send the next batch to the thread."""
        jobs = self._gather()
        self._running = bool(jobs)
        if jobs:
            self._gathered(sum(len(job.texts) for job in jobs))
            self._send(jobs, self._finish)

    def _gather(self) -> list[_Job[Key]]:
        """The first that wait and are still wanted: of one key, and not too much."""
        jobs: list[_Job[Key]] = []
        characters = 0
        while self._jobs:
            job = self._jobs[0]
            if job.answer.done():  # its request was given up
                self._jobs.popleft()
                continue
            characters += job.characters
            if jobs and (job.key != jobs[0].key or characters > CHARACTERS):
                break
            jobs.append(self._jobs.popleft())
        return jobs

    def _send(
        self, jobs: list[_Job[Key]], then: Callable[[list[_Job[Key]], Future[Any]], None]
    ) -> None:
        """Compute the texts of `jobs` on the thread, and then call `then(jobs, done)` here."""
        loop = asyncio.get_running_loop()
        texts = [text for job in jobs for text in job.texts]
        future = self._executor.submit(self._compute, jobs[0].key, texts)
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(then, jobs, done))

    def _finish(self, jobs: list[_Job[Key]], done: Future[Any]) -> None:
        if len(jobs) > 1 and done.exception() is not None:
            for job in jobs:  # only the one that is at fault shall see its error
                self._send([job], _tell)
        else:
            _tell(jobs, done)
        self._start()


def _tell(jobs: list[_Job[Any]], done: Future[Any]) -> None:
    """Give each of `jobs` its part of what was computed, or the error."""
    error, start = done.exception(), 0
    for job in jobs:
        stop = start + len(job.texts)
        if job.answer.done():  # its request was given up
            pass
        elif error is not None:
            job.answer.set_exception(error)
        else:
            job.answer.set_result(done.result()[start:stop])
        start = stop


def _parts(texts: Sequence[str]) -> list[tuple[Sequence[str], int]]:
    """`texts` in parts of at most a batch, or one text, and the characters of each."""
    if len(texts) == 1:
        return [(texts, len(texts[0]))]
    parts: list[tuple[Sequence[str], int]] = []
    start = characters = 0
    for n, text in enumerate(texts):
        if n > start and characters + len(text) > CHARACTERS:
            parts.append((texts[start:n], characters))
            start, characters = n, 0
        characters += len(text)
    if start < len(texts):
        parts.append((texts[start:], characters))
    return parts
