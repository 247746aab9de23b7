"""The facts of small data, counted by hand, and the laws that hold for any."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.data import Dataset
from bothways.errors import ArgumentError, DataError
from bothways.inspection import inspect
from bothways.text import TextVectorizer


def dataset(texts, labels=None, source="a.csv"):
    return Dataset(list(texts), None if labels is None else list(labels), source)


def test_labels_and_their_balance():
    rows = dataset(["a"] * 8, ["x", "x", "x", "x", "y", "y", "z", "X "])
    labels = inspect(rows).labels
    assert labels.counts == {"x": 4, "y": 2, "X ": 1, "z": 1}
    assert (labels.majority, labels.majority_share) == ("x", 0.5)
    assert labels.entropy == 1.75 and labels.effective == 2**1.75
    assert labels.balance == "uneven"
    assert labels.variants == (("x", "X "),)
    assert labels.rare == ("X ", "z")


@pytest.mark.parametrize(
    "counts, balance",
    [((2, 2), "even"), ((3, 2), "somewhat uneven"), ((4, 1), "uneven"), ((20, 1), "very uneven")],
)
def test_the_names_of_balance(counts, balance):
    labels = [str(c) for c, n in enumerate(counts) for _ in range(n)]
    assert inspect(dataset(["a"] * len(labels), labels)).labels.balance == balance


def test_sets_of_labels_count_as_labels():
    sets = [("b", "a"), ("a", "b"), ("a",), ()]
    facts = inspect(Dataset(["x", "x", "x", "y"], None, "a.csv", label_sets=sets))
    assert facts.labels.counts == {"a + b": 2, "(no label)": 1, "a": 1}
    assert facts.contradictions.groups == 1


def test_equal_labels_are_as_many_as_they_are():
    labels = inspect(dataset(["a"] * 15, list("abcde") * 3)).labels
    assert math.isclose(labels.effective, 5) and labels.balance == "even"


def test_lengths_and_limits():
    texts = ["a " * n for n in (0, 1, 100, 101, 150, 250)]
    facts = inspect(dataset(texts, ["s", "s", "s", "s", "t", "t"]), max_length=120)
    lengths = facts.lengths
    assert (facts.rows, facts.empty, facts.empty_places) == (6, 1, ("a.csv, row 1",))
    assert (lengths.tokens, lengths.mean) == (602, 602 / 6)
    assert lengths.quantiles == {
        "0": 0, "5": 0, "25": 1, "50": 100, "75": 150, "95": 250, "99": 250, "100": 250
    }  # fmt: skip
    assert lengths.median_per_label == {"s": 1, "t": 150}
    assert lengths.longest.places == ("a.csv, row 6",) and lengths.longest.labels == ("t",)
    limits = {limit.length: limit for limit in lengths.limits}
    assert list(limits) == [100, 120, 200, 400, 600, 1000]
    assert (limits[100].cut_texts, limits[100].cut_tokens) == (3, 1 + 50 + 150)
    assert (limits[100].cut_texts_share, limits[100].cut_tokens_share) == (3 / 6, 201 / 602)
    assert limits[100].per_label == {"s": 1 / 202, "t": 200 / 400}
    assert (limits[120].cut_texts, limits[120].cut_tokens) == (2, 160)
    assert (limits[400].cut_texts, limits[400].per_label) == (0, {"s": 0.0, "t": 0.0})


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_a_limit_agrees_with_the_vectorizer_and_the_histogram_counts_all(lengths):
    texts = ["w " * n for n in lengths]
    facts = inspect(dataset(texts), max_length=37).lengths
    limit = next(limit for limit in facts.limits if limit.length == 37)
    cut = TextVectorizer(output_sequence_length=37).adapt(texts).encode(texts).truncation
    assert (limit.cut_texts, limit.cut_tokens) == (cut.cut_texts, cut.cut_tokens)
    edges, counts = facts.histogram_edges, facts.histogram_counts
    assert sum(counts) == len(lengths) and len(edges) == len(counts) + 1
    within = np.histogram(lengths, bins=[*edges[:-1], 10**6])[0]
    assert within.tolist() == list(counts)


def test_vocabulary_is_measured_on_texts_that_were_not_counted():
    """Each text has a word of its own and one that all have: half is known, however many are
    kept, where counting all of them would promise everything."""
    texts = [f"all own{n}" for n in range(50)]
    vocabulary = inspect(dataset(texts)).vocabulary
    assert (vocabulary.words, vocabulary.once, vocabulary.held_out_texts) == (51, 50, 10)
    assert vocabulary.coverage == {41: 0.5}


def test_coverage_counts_the_most_frequent_words():
    common = " ".join(f"c{n}" for n in range(1000))
    rare = " ".join(f"r{n}" for n in range(500))
    vocabulary = inspect(dataset([common + " " + common + " " + rare] * 10)).vocabulary
    assert vocabulary.coverage == {1000: 2000 / 2500, 1500: 1.0}


@given(st.lists(st.text("ab c", max_size=12), min_size=2, max_size=30))
@settings(max_examples=40, deadline=None)
def test_coverage_never_falls_with_more_words(texts):
    coverage = list(inspect(dataset(texts)).vocabulary.coverage.values())
    assert coverage == sorted(coverage) and all(0 <= share <= 1 for share in coverage)


def test_words_of_the_second_file_that_are_new():
    facts = inspect(dataset(["a b", "c"]), dataset(["a d", "d e f"], source="b.csv"))
    assert facts.vocabulary.other_unknown == 4 / 5
    assert facts.vocabulary.words == 3


def test_repeats_and_contradictions():
    texts = ["Good film!", "good  film", "Good film!", "bad", "", "...", "bad", "other"]
    labels = ["pos", "neg", "pos", "neg", "pos", "neg", "neg", "pos"]
    facts = inspect(dataset(texts, labels))
    repeats = facts.repeats
    assert (repeats.groups, repeats.rows, repeats.surplus) == (2, 5, 3)
    assert repeats.surplus_identical == 2  # one "Good film!" and one "bad"
    assert [example.rows for example in repeats.examples] == [3, 2]
    assert repeats.examples[1].places == ("a.csv, row 4", "a.csv, row 7")
    found = facts.contradictions
    assert (found.groups, found.rows) == (1, 3)
    assert found.examples[0].labels == ("pos", "neg", "pos")
    assert facts.empty == 2  # and no repeats of each other


@given(st.lists(st.text("ab. ", max_size=6), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_repeats_are_what_the_plain_count_says(texts):
    tokens = ["".join(c for c in text if c != ".").split() for text in texts]
    counts = Counter(tuple(t) for t in tokens if t)
    repeats = inspect(dataset(texts)).repeats
    assert repeats.surplus == sum(counts.values()) - len(counts)
    assert repeats.groups == sum(n > 1 for n in counts.values())
    own = inspect(dataset(texts), dataset(texts, source="b.csv")).overlap
    assert own.rows == own.in_other == own.identical == sum(counts.values())


def test_of_many_places_each_label_keeps_one():
    labels = ["a"] * 50 + ["b"] * 50
    (example,) = inspect(dataset(["same"] * 100, labels)).contradictions.examples
    assert example.rows == 100 and len(example.places) == 6
    assert set(example.labels) == {"a", "b"} and "a.csv, row 51" in example.places


def test_overlap():
    first = dataset(["One two", "three", "four", "!"], ["x", "y", "x", "x"])
    second = dataset(
        ["one, TWO", "one two", "three", "!", "new"], ["y", "x", "z", "x", "x"], "b.csv"
    )
    overlap = inspect(first, second).overlap
    assert (overlap.other, overlap.other_rows) == ("b.csv", 5)
    assert (overlap.rows, overlap.in_other, overlap.identical) == (2, 3, 1)
    assert overlap.contradicting == 1 and overlap.unknown_labels == ("z",)
    assert overlap.per_label == {"x": 1, "y": 1}
    assert overlap.examples[0].text == "three"  # those that contradict come first
    assert overlap.examples[0].places == ("a.csv, row 2", "b.csv, row 3")
    assert overlap.examples[1].places == ("a.csv, row 1", "b.csv, row 1", "b.csv, row 2")


def test_overlap_with_a_file_without_labels():
    overlap = inspect(dataset(["a", "b"], ["x", "y"]), dataset(["b"], source="b.csv")).overlap
    assert (overlap.rows, overlap.contradicting, overlap.unknown_labels) == (1, 0, ())
    assert overlap.examples[0].labels == ("y", None)


def test_one_text_and_no_word():
    facts = inspect(dataset([""]))
    assert facts.labels is facts.contradictions is facts.overlap is facts.suspects is None
    assert facts.vocabulary.coverage == {} and facts.vocabulary.words == 0
    assert facts.lengths.quantiles["100"] == 0


def test_what_cannot_be_inspected():
    with pytest.raises(DataError, match=r"a\.csv: there are no rows"):
        inspect(dataset([]))
    with pytest.raises(ArgumentError, match="max_length must be a whole number from 1, got 0"):
        inspect(dataset(["a"]), max_length=0)
    with pytest.raises(DataError, match="there are no labels"):
        inspect(dataset(["a"]), suspicious=True)
