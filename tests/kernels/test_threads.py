"""Several Python threads in the kernels at once; run under ThreadSanitizer too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.text import TextVectorizer
from threaded_kernels import calls

CALLS = calls()
CALLERS = 4


def at_once(function):
    """`function(number of the thread)` in several threads that begin together."""
    barrier = Barrier(CALLERS)

    def begin(number):
        barrier.wait()
        return function(number)

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(begin, range(CALLERS)))


def bits(arrays):
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("name", sorted(CALLS))
def test_one_kernel_in_several_threads(isa, name):
    """One of them has the workers, and the others do without."""
    expected = bits(CALLS[name](1))
    for found in at_once(lambda number: [bits(CALLS[name](2 + number % 2)) for _ in range(3)]):
        assert found == [expected] * 3


def test_different_kernels_in_several_threads(isa):
    names = sorted(CALLS)
    expected = {name: bits(CALLS[name](1)) for name in names}

    def every(number):
        order = names[number:] + names[:number]
        return {name: bits(CALLS[name](1 + number)) for name in order}

    assert at_once(every) == [expected] * CALLERS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_the_tier_may_change_while_others_work(name):
    """A call keeps the tier that it began with."""
    call, before, tiers = CALLS[name], kernels.isa(), kernels.available_isas()
    possible = []
    for tier in tiers:
        kernels.set_isa(tier)
        possible.append(bits(call(1)))

    def work(number):
        if number == 0:
            for step in range(50):
                kernels.set_isa(tiers[step % len(tiers)])
            return []
        return [bits(call(2)) for _ in range(5)]

    try:
        for found in at_once(work):
            assert all(result in possible for result in found)
    finally:
        kernels.set_isa(before)


def test_refusals_in_several_threads():
    def refuse(number):
        for _ in range(50):
            with pytest.raises(ArgumentError, match="holds 9"):
                kernels.gather(np.zeros((3, 4), np.float32), [0, 9], threads=2)

    at_once(refuse)


def test_vocabularies_are_learned_in_several_threads():
    texts = [f"{word} " * (word % 7) for word in range(500)]
    expected = TextVectorizer().adapt(texts).get_vocabulary()
    found = at_once(lambda number: TextVectorizer().adapt(texts).get_vocabulary())
    assert found == [expected] * CALLERS
