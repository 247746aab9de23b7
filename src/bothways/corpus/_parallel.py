"""The same for every shard, several at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event, Lock

Task = Callable[[int, Callable[[int], None]], None]


class _Stopped(Exception):
    """Another one has failed."""


def in_parallel(
    task: Task, count: int, threads: int, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Call `task(n, going_on)` for each of `count` numbers, on at most so many threads.

    The first error of one, or an interrupt, ends all: the others' next `going_on(rows)` raises.
    `progress` is told the sum of the `rows` so far, by one thread at a time.
    """
    stop, lock, done = Event(), Lock(), 0

    def going_on(rows: int) -> None:
        nonlocal done
        if stop.is_set():
            raise _Stopped
        with lock:
            done += rows
            progress(done)

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
