"""Ranks of one start find each other in a store that is full of what earlier ones wrote."""

from __future__ import annotations

import threading

import pytest

from bothways.errors import RanksError
from bothways.training._meeting import agree_on_start


class Store(dict):
    """As torch's, in this process."""

    def check(self, keys):
        return all(key in self for key in keys)

    def get(self, key):
        return self[key]

    def set(self, key, value):
        self[key] = value.encode()


def start(store, size, late=None):
    """The names that all ranks return; `late` comes when the others are waiting."""
    found = {}

    def one(rank):
        found[rank] = agree_on_start(store, rank, size, 30)

    threads = {rank: threading.Thread(target=one, args=(rank,)) for rank in range(size)}
    for rank in sorted(threads, key=lambda rank: rank == late):
        if rank == late:
            threads[0 if late else 1].join(0.1)
            assert 0 not in found and (late or not found)
        threads[rank].start()
    for thread in threads.values():
        thread.join()
    return [found[rank] for rank in range(size)]


def test_every_start_has_a_name_of_its_own():
    store, names = Store(), set()
    for late in (None, 0, 1, 2, 0):
        first, *others = start(store, 3, late)
        assert others == [first, first] and first not in names
        names.add(first)


def test_who_is_missing_is_told():
    with pytest.raises(RanksError, match="not there: 1, 3"):
        store = Store()
        store.set("here/2", "x")
        agree_on_start(store, 0, 4, 0.1)
