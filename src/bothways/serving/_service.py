"""One service: its models, limits, and what is waiting to be computed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from bothways.kernels import default_threads
from bothways.runtime import Model, documents
from bothways.serving._answers import Refused, busy
from bothways.serving._batcher import Batcher
from bothways.serving._body import Held
from bothways.serving._limits import Limits
from bothways.serving._metrics import Metrics
from bothways.serving._models import Models

Answer = TypeVar("Answer")
Key = tuple[Model, float | None]

# Explanations and readings that may wait: they take longer than a batch, which waits behind them.
_MOST_ALONE = 64
# Seconds between two looks at the folders: two `stat` each.
_LOOK = 1.0


class Service:
    """What all requests share.

    One thread computes: batches of texts to predict, and what else is asked of a model, in turns.
    The kernels use `threads` cores and leave the interpreter to the requests meanwhile.
    """

    def __init__(
        self,
        models: Models,
        limits: Limits = Limits(),  # noqa: B008 (it is frozen)
        *,
        threads: int | None = None,
    ) -> None:
        self.models, self.limits = models, limits
        self.threads = threads or default_threads()
        self.held = Held(limits.held)
        self.metrics = Metrics(lambda: self.waiting, lambda: self.held.bytes)
        self._end = asyncio.Event()
        self._executor = ThreadPoolExecutor(1, "bothways-compute")
        self._alone = 0
        self._batcher: Batcher[Key] = Batcher(
            partial(predict, limits=limits, threads=self.threads),
            self._executor,
            waiting=limits.waiting,
            gathered=self.metrics.gathered,
        )

    @property
    def waiting(self) -> int:
        """How much waits for the thread."""
        return self._batcher.waiting + self._alone

    async def predict(
        self, name: str | None, texts: list[str], reject_below: float | None = None
    ) -> tuple[str, list[dict[str, Any]]]:
        """The name of the model, and its answers in order. Raises `Refused`."""
        served = self.models.find(name)
        if len(texts) > self.limits.texts:
            raise Refused(
                413, f"got {len(texts):,} texts, at most {self.limits.texts:,} may come at a time"
            )
        if reject_below is not None and served.model.spec.network.multilabel:
            raise Refused(
                422, f"reject_below: the model {served.name!r} gives a text several labels"
            )
        answers = await self._batcher((served.model, reject_below), texts)
        self.metrics.texts.labels(served.name).inc(len(texts))
        return served.name, answers

    async def compute(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a function gives on the thread that computes. Raises `Refused` (429)."""
        most = min(_MOST_ALONE, self.limits.waiting)
        if self._alone >= most:
            raise busy(f"{most} explanations or readings")
        self._alone += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, partial(function, *arguments))
        finally:
            self._alone -= 1

    @property
    def ending(self) -> bool:
        """Whether the service has been told to end."""
        return self._end.is_set()

    async def ended(self) -> None:
        """Wait until the service is told to end."""
        await self._end.wait()

    def end(self) -> None:
        """Tell those who would go on for long that the service ends."""
        self._end.set()

    def check_ready(self) -> None:
        """Raise `Refused` (503) while no more should come."""
        if self.ending:
            raise Refused(503, "the service ends")
        if self.waiting >= self.limits.waiting:
            raise Refused(503, "too much is waiting")

    async def watch(self) -> None:
        """Look for replaced folders, again and again."""
        while True:
            await asyncio.sleep(_LOOK)
            await self.models.refresh(self._reloaded)

    def close(self) -> None:
        """Let the thread end with what it has."""
        self._executor.shutdown(cancel_futures=True)

    def _reloaded(self, name: str, good: bool) -> None:
        self.metrics.reloads.labels(name, "read" if good else "refused").inc()


def predict(key: Key, texts: list[str], *, limits: Limits, threads: int) -> list[dict[str, Any]]:
    """The answers of a batch. Raises `Refused` (413) if a text has too many tokens."""
    model, reject_below = key
    ids, _ = model.encode(texts, threads=threads)
    longest = int(ids.lengths.max(initial=0))
    if longest > limits.tokens:
        raise Refused(
            413, f"a text has {longest:,} tokens, at most {limits.tokens:,} are read at a time"
        )
    return documents(model.network.probabilities(ids, threads=threads), model.spec, reject_below)
