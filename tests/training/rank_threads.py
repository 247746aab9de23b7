"""Ranks that are threads of this process: the same protocol, without a launcher or torch."""

from __future__ import annotations

import threading

import numpy as np

from bothways.training import Ranks


class ThreadRanks(Ranks):
    def __init__(self, rank, size, barrier, places):
        self.rank, self.size, self._barrier, self._places = rank, size, barrier, places

    def _all(self, mine):
        self._places[self.rank] = mine
        self._barrier.wait(60)
        found = list(self._places)
        self._barrier.wait(60)
        return found

    def add(self, x):
        x[:] = np.sum(self._all(x.copy()), axis=0, dtype=np.float32)

    def gather(self, x):
        return np.stack(self._all(x))

    def tell(self, data):
        return self._all(data)

    def follow(self, data):
        return self._all(data)[0]


def run_ranks(size, work):
    """What `work(ranks)` gives in each of `size` ranks; the first error of any, if there is one."""
    barrier, places = threading.Barrier(size), [None] * size
    results, errors = [None] * size, []

    def one(rank):
        try:
            results[rank] = work(ThreadRanks(rank, size, barrier, places))
        except threading.BrokenBarrierError:
            pass
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
