"""Every text of a batch is one rank's, and the ranks have nearly the same number of tokens."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bothways.training._deal import deal

lengths = st.lists(st.integers(0, 50), max_size=40).map(lambda x: np.array(x, np.int64))


@given(lengths, st.integers(1, 9))
def test_laws(lengths, ranks):
    shares = deal(lengths, ranks)
    assert len(shares) == ranks
    np.testing.assert_array_equal(np.sort(np.concatenate(shares)), np.arange(len(lengths)))
    assert all((np.diff(share) > 0).all() for share in shares)
    tokens = [lengths[share].sum() for share in shares]
    assert max(tokens) - min(tokens) <= lengths.max(initial=0)
    assert sum(len(share) > 0 for share in shares) == min(ranks, len(lengths))
    for share, again in zip(shares, deal(lengths, ranks), strict=True):
        np.testing.assert_array_equal(share, again)


def test_the_longest_go_first():
    assert [s.tolist() for s in deal(np.array([1, 9, 4, 5, 1]), 2)] == [[0, 1], [2, 3, 4]]


def test_texts_without_tokens_are_spread():
    assert [len(s) for s in deal(np.zeros(9, np.int64), 3)] == [3, 3, 3]
