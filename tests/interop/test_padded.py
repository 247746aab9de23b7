"""Padded batches hold every text once, and as it is."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import Ragged
from bothways.interop._padded import padded_batches


@pytest.mark.parametrize("length", [None, 700])
def test_every_text_is_in_one_batch(rng, length):
    lengths = [0, 700, 1, *rng.integers(0, 400, 800).tolist(), 0]
    ids = Ragged.from_list([rng.integers(1, 99, n) for n in lengths])
    seen = []
    for texts, padded in padded_batches(ids, length):
        assert 1 <= len(texts) == len(padded) <= 250 and padded.size <= 60_000
        assert padded.shape[1] == (length or max(1, ids.lengths[texts].max()))
        for text, row in zip(texts.tolist(), padded, strict=True):
            assert np.array_equal(row[row > 0], ids[text])
            assert not row[lengths[text] :].any()
            seen.append(text)
    assert sorted(seen) == list(range(len(lengths)))


def test_a_long_text_has_a_batch_of_its_own(rng):
    ids = Ragged.from_list([rng.integers(1, 99, n) for n in (3, 70_000, 2)])
    assert [texts.tolist() for texts, _ in padded_batches(ids)] == [[1], [0, 2]]
