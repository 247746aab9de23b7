"""Thresholds: known ones, what is promised of them, and what cannot be reached."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bothways.errors import ArgumentError
from bothways.report import find_threshold

SCORES = np.array([0.1, 0.3, 0.4, 0.6, 0.7, 0.9], np.float32)
HAS = np.array([False, True, False, True, False, True])


@pytest.mark.parametrize(
    "wanted, least, between, given, right",
    [
        ("precision", 0.6, (0.1, 0.3), 5, 3),
        ("precision", 0.66, (0.4, 0.6), 3, 2),
        ("precision", 1, (0.7, 0.9), 1, 1),
        ("recall", 0.3, (0.7, 0.9), 1, 1),
        ("recall", 0.5, (0.4, 0.6), 3, 2),
        ("recall", 1, (0.1, 0.3), 5, 3),
    ],
)
def test_by_hand(wanted, least, between, given, right):
    found = find_threshold(SCORES, HAS, wanted, least)
    assert found["threshold"] == pytest.approx(sum(between) / 2)
    assert (found["given"], found["right"], found["texts"]) == (given, right, 6)
    assert found["precision"] == right / given and found["recall"] == right / 3
    interval = binomtest(right, given).proportion_ci(method="wilson")
    assert found["precision_interval"] == pytest.approx([interval.low, interval.high])


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60),
    st.sampled_from(["precision", "recall"]),
    st.floats(0.01, 1),
)
def test_it_is_the_best_of_all_thresholds(rows, wanted, least):
    scores = np.array([score / 20 for score, _ in rows], np.float32)
    has = np.array([label for _, label in rows])
    if has.all() or not has.any():
        return
    every = []
    for t in np.unique(scores):
        right = int((has & (scores >= t)).sum())
        both = {"precision": right / int((scores >= t).sum()), "recall": right / int(has.sum())}
        every.append(both)
    other = "recall" if wanted == "precision" else "precision"
    fits = [both[other] for both in every if both[wanted] >= least]
    if not fits:
        with pytest.raises(ArgumentError, match="no threshold reaches the precision"):
            find_threshold(scores, has, wanted, least)
        return
    found = find_threshold(scores, has, wanted, least)
    assert found[wanted] >= least and found[other] == max(fits)


def test_what_cannot_be_reached():
    with pytest.raises(ArgumentError, match=r"precision 0.9 .*best is 0.6667, with the recall 1"):
        find_threshold(SCORES[:3], np.array([True, True, False]), "precision", 0.9)


@pytest.mark.parametrize(
    "has, least, expected",
    [
        (HAS, 0, "a precision above 0 and at most 1, got 0"),
        (HAS, float("nan"), "above 0 and at most 1, got nan"),
        (HAS & False, 0.5, "none of the 6 texts have the label"),
        (HAS | True, 0.5, "all of the 6 texts have the label"),
    ],
)
def test_what_is_refused(has, least, expected):
    with pytest.raises(ArgumentError, match=expected):
        find_threshold(SCORES, has, "precision", least)
