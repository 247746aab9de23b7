"""Which rows are trained on, and in which order."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import batches, read, split
from bothways.errors import ArgumentError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def test_a_split_is_a_partition_in_proportion():
    labels = ["a"] * 600 + ["b"] * 300 + ["c"] * 100
    train, valid = split(labels, 100, seed=3)
    assert train.dtype == valid.dtype == np.int64
    assert sorted([*train, *valid]) == list(range(1000))
    assert (np.diff(train) > 0).all()
    assert (np.diff(valid) > 0).all()
    counts = [sum(labels[i] == label for i in valid) for label in "abc"]
    assert counts == [60, 30, 10]


def test_a_split_depends_on_the_seed_alone():
    labels = ["a", "b"] * 50
    assert np.array_equal(split(labels, 20, seed=0)[1], split(labels, 0.2, seed=0)[1])
    assert not np.array_equal(split(labels, 20, seed=0)[1], split(labels, 20, seed=1)[1])


def test_a_split_is_scikit_learns():
    sklearn = pytest.importorskip("sklearn.model_selection")
    labels = ["b", "a", "a", "c"] * 40
    _, valid = sklearn.train_test_split(
        np.arange(160), test_size=30, stratify=labels, random_state=7
    )
    assert np.array_equal(split(labels, 30, seed=7)[1], np.sort(valid))


def test_a_label_with_one_row_stays_in_training():
    labels = ["a", "a", "once", "b", "b", "a", "b"]
    train, valid = split(labels, 2, seed=0)
    assert 2 in train
    assert len(valid) == 2


def test_a_small_fraction_still_has_a_row_for_each_label():
    _, valid = split(["a", "b", "c", "d"] * 3, 0.1, seed=0)
    assert len(valid) == 4


@pytest.mark.parametrize(
    ("labels", "asked", "expected"),
    [
        (["a", "b"] * 4, 1, "1 of 8 rows.*between 2 and 6"),
        (["a", "b"] * 4, 7, "7 of 8 rows"),
        (["a", "b", "b", "b"], 9, "9 of 3 rows .1 more have"),
        (["a", "b", "c"], 1, "no label of the 3 rows is there twice"),
        ([], 1, "no label of the 0 rows"),
        (["a", "b"] * 4, 0.0, "got 0.0 rows"),
        (["a", "b"] * 4, 1.0, "got 1.0 rows"),
        (["a", "b"] * 4, 0, "got 0 rows"),
        (["a", "b"] * 4, True, "got True rows"),
        (["a", "b"] * 4, "0.1", "got '0.1' rows"),
    ],
)
def test_splits_that_cannot_be(labels, asked, expected):
    with pytest.raises(ArgumentError, match=expected):
        split(labels, asked, seed=0)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not there")
def test_the_benchmarks_split():
    pytest.importorskip("pyarrow")
    labels = read(SHARED / "imdb_train.parquet").labels
    train, valid = split(labels, 5000, seed=0)
    assert (len(train), len(valid)) == (20_000, 5_000)
    assert [labels[i] for i in valid].count("pos") == 2_500
    assert np.array_equal(valid, split(labels, 0.2, seed=0)[1])


@given(
    st.lists(st.integers(0, 50), max_size=60),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(1, 5)),
    st.integers(0, 5),
)
def test_no_text_is_lost_or_repeated(lengths, size, bucket, seed):
    found = list(batches(lengths, size, rng=np.random.default_rng(seed), bucket=bucket))
    assert sorted(np.concatenate([*found, np.empty(0, int)]).tolist()) == list(range(len(lengths)))
    assert sorted(map(len, found), reverse=True) == [
        len(lengths[i : i + size]) for i in range(0, len(lengths), size)
    ]


def test_batches_in_order():
    assert [b.tolist() for b in batches([3, 1, 2], 2)] == [[0, 1], [2]]
    assert list(batches([], 2)) == []


def test_a_shuffle_depends_on_its_generator():
    def shuffled(seed, bucket):
        rng = np.random.default_rng(seed)
        return np.concatenate(list(batches(np.arange(1000), 10, rng=rng, bucket=bucket))).tolist()

    for bucket in (None, 4):
        assert shuffled(1, bucket) == shuffled(1, bucket)
        assert shuffled(1, bucket) != shuffled(2, bucket)


def test_buckets_hold_texts_of_similar_length():
    lengths = np.random.default_rng(0).integers(1, 600, 3200)

    def steps(bucket):
        rng = np.random.default_rng(1)
        return sum(lengths[batch].max() for batch in batches(lengths, 32, rng=rng, bucket=bucket))

    assert steps(50) < 0.6 * steps(None)
    rng = np.random.default_rng(1)
    longest = [lengths[batch].max() for batch in batches(lengths, 32, rng=rng, bucket=50)]
    assert (np.diff(longest) < 0).any()  # the batches are shuffled as well
    assert (np.diff(longest) > 0).any()


@pytest.mark.parametrize(
    ("lengths", "options", "expected"),
    [
        ([1], {"batch_size": 0}, "batch_size=0"),
        ([1], {"batch_size": 2.5}, "batch_size=2.5"),
        ([1], {"batch_size": 1, "bucket": 2}, "bucket=2 without rng"),
        ([1], {"batch_size": 1, "bucket": 0}, "bucket=0"),
        ([[1]], {"batch_size": 1}, r"shape \(1, 1\)"),
        ([1.5], {"batch_size": 1}, "float64"),
    ],
)
def test_bad_arguments_are_refused_at_once(lengths, options, expected):
    with pytest.raises(ArgumentError, match=expected):
        batches(lengths, **options)
