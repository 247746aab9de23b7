"""The same for every shard, several at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

Task = Callable[[int, Callable[[], None]], None]


class _Stopped(Exception):
    """Another one has failed."""


def in_parallel(task: Task, count: int, threads: int) -> None:
    """Call `task(n, going_on)` for each of `count` numbers, on at most so many threads.

    The first error of one, or an interrupt, ends all: the others' next `going_on()` raises.
    """
    stop = Event()

    def going_on() -> None:
        if stop.is_set():
            raise _Stopped

    with ThreadPoolExecutor(max(1, min(threads, count))) as pool:
        futures = [pool.submit(task, n, going_on) for n in range(count)]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
