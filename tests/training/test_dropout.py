"""Masks: how often, how large, from which seed; and which pairs of text and word there are."""

from __future__ import annotations

import numpy as np
import pytest

from bothways import kernels
from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.training._dropout import draw_masks
from bothways.training._embedding import distinct_pairs

SPEC = NetworkSpec(
    *(50, 20, True, "sum", "last", 1),
    dropout=0.5,
    embedding_dropout=0.1,
    layers=3,
    input_dropout=0.25,
    layer_dropout=0.9,
)


def masks(seed=0):
    return draw_masks(SPEC, 300, 400, np.random.default_rng(seed))


def test_shapes_shares_and_scales():
    drawn = masks()
    assert len(drawn.layers) == 2
    for mask, shape, rate in [
        (drawn.words, (400, 50), 0.1),
        (drawn.inputs, (300, 50), 0.25),
        (drawn.layers[0], (300, 40), 0.9),
        (drawn.layers[1], (300, 40), 0.9),
        (drawn.features, (300, 20), 0.5),
    ]:
        assert mask.shape == shape and mask.dtype == np.float32
        zero, kept = np.unique(mask)
        assert zero == 0 and kept == pytest.approx(1 / (1 - rate), rel=1e-4)
        deviation = (rate * (1 - rate) / mask.size) ** 0.5
        assert abs((mask == 0).mean() - rate) < 4 * deviation
        for axis in (0, 1):  # neither rows nor columns alike
            assert np.ptp((mask == 0).mean(axis=axis)) > 0
    assert (drawn.layers[0] != drawn.layers[1]).any()


def test_the_mean_is_one_to_the_bit_of_the_rate():
    """The rate is rounded to 2**-16, and the scale is that of the rounded rate."""
    spec = NetworkSpec(1, 64, False, "concat", "last", 1, dropout=0.7)
    mask = draw_masks(spec, 1, 1, np.random.default_rng(0)).features
    dropped = round(0.7 * 2**16)
    assert mask.max() == np.float32(2**16 / (2**16 - dropped))


@pytest.mark.parametrize("rate", [1e-9, 1 - 1e-9])
def test_rates_at_the_ends(rate):
    spec = NetworkSpec(1, 64, False, "concat", "last", 1, dropout=rate)
    mask = draw_masks(spec, 500, 1, np.random.default_rng(0)).features
    assert np.isfinite(mask).all()
    assert abs((mask == 0).mean() - rate) < 1e-3


def test_the_same_seed_gives_the_same_masks_and_none_without_a_rate():
    for a, b in zip(masks(1)[:2], masks(1)[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (masks(1).words != masks(2).words).any()
    nothing = draw_masks(
        NetworkSpec(5, 2, True, "concat", "last", 1, layers=2), 3, 4, np.random.default_rng(0)
    )
    assert nothing == (None, None, (None,), None)


@pytest.mark.parametrize("features", [0.0, 0.5])
def test_whole_words_are_dropped_and_the_others_not_scaled(features):
    spec = NetworkSpec(
        *(40, 2, True, "concat", "last", 1), embedding_dropout=features, word_dropout=0.25
    )
    words = draw_masks(spec, 3, 4000, np.random.default_rng(0)).words
    assert words.dtype == np.float32 and len(words) == 4000
    dropped = (words == 0).all(axis=1)
    assert abs(dropped.mean() - 0.25) < 4 * (0.25 * 0.75 / 4000) ** 0.5
    assert set(np.unique(words[~dropped])) == ({0.0, 2.0} if features else {1.0})


def test_pairs_are_those_of_sorting(rng):
    lengths = [5, 0, 40, 1, 0]
    ids, offsets = rng.integers(3, 20, sum(lengths)), np.concatenate([[0], np.cumsum(lengths)])
    words = kernels.unique(ids, 30)
    pairs = distinct_pairs(words, offsets)
    text = np.repeat(np.arange(5), lengths)
    expected = np.unique(np.stack([text, ids], axis=1), axis=0)
    got = np.stack([pairs.text, words.distinct[pairs.word]], axis=1)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(pairs.text[pairs.pair_of], text)
    np.testing.assert_array_equal(words.distinct[pairs.word][pairs.pair_of], ids)


def test_pairs_of_nothing():
    words = kernels.unique(np.zeros(0, np.int32), 30)
    pairs = distinct_pairs(words, np.array([0, 0, 0]))
    assert [len(part) for part in pairs] == [0, 0, 0]


def test_more_pairs_than_can_be_counted_are_refused():
    words = kernels.unique(np.arange(50_000), 50_000)
    offsets = np.arange(50_001)
    with pytest.raises(ArgumentError, match="32 bits"):
        distinct_pairs(words, offsets)
