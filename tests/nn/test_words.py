"""The distinct words of a batch and of each of its sequences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.nn import _operator, _words

LENGTHS = [4, 0, 1, 7, 1, 3]
few = settings(max_examples=30, deadline=None)
drawn_lengths = st.lists(st.sampled_from([0, 0, 1, 1, 2, 5, 9]), max_size=8)


@few
@given(lengths=drawn_lengths, V=st.sampled_from([1, 5, 60]), seed=st.integers(0, 999))
def test_distinct_words_of_each_sequence(lengths, V, seed):
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(V, (sum(lengths),), generator=g)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    rows, places, ends, index = torch.ops.bothways.unique_by_sequence(ids, offsets, V)
    words = [part.unique() for part in ids.split(lengths)]
    assert torch.equal(rows.long(), ids.unique())
    assert torch.equal(ends.diff(), torch.tensor([len(w) for w in words], dtype=torch.int64))
    assert torch.equal(rows[places.long()].long(), torch.cat([ids[:0], *words]))
    assert torch.equal(rows[places.long()][index.long()].long(), ids)
    sequence = torch.arange(len(lengths)).repeat_interleave(ends.diff())
    steps = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths, dtype=torch.int64))
    assert torch.equal(sequence[index.long()], steps)


@pytest.mark.parametrize("lengths", [LENGTHS, [0, 0], []], ids=["some", "no steps", "empty"])
def test_distinct_words_on_other_devices(lengths, monkeypatch):
    ids, offsets = torch.randint(9, (sum(lengths),)), torch.tensor([0, *lengths]).cumsum(0)
    expected = torch.ops.bothways.unique_by_sequence(ids, offsets, 9)
    monkeypatch.setattr(_operator, "on_kernels", lambda x: False)
    for a, b in zip(_words.distinct_by_sequence(ids, offsets, 9), expected, strict=True):
        assert torch.equal(a.long(), b.long())
