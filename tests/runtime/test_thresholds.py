"""The label of a text where one has a threshold."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import bothways
from bothways.runtime import UNSURE, Model, decide
from conftest import tiny_corpus

ROWS = np.array([[0.1, 0.3, 0.6], [0.4, 0.3, 0.3], [0.45, 0.35, 0.2], [0.2, 0.5, 0.3]], np.float32)


def labelled(thresholds):
    """As much of a spec as `decide` reads."""
    return SimpleNamespace(labels=("a", "b", "c"), thresholds=thresholds)


@pytest.mark.parametrize(
    "thresholds, answers",
    [
        ({}, "caab"),
        ({"b": 0.3}, "bbbb"),
        ({"b": 0.35}, "cabb"),
        ({"b": 0.6}, "caac"),
        ({"c": 0.25}, "ccac"),
        ({"a": 1.0}, "cbbb"),
    ],
)
def test_by_hand(thresholds, answers):
    if thresholds.get("b") in (0.3, 0.35):
        thresholds = {"b": float(np.float32(thresholds["b"]))}
    decisions = decide(ROWS, labelled(thresholds))
    assert "".join("abc"[n] for n in decisions.answers) == answers
    np.testing.assert_array_equal(decisions.probabilities, ROWS[range(4), decisions.answers])


def test_what_is_rejected_is_the_label_that_would_be_given():
    decisions = decide(ROWS, labelled({"b": 0.3}), 0.5)
    assert decisions.answers.tolist() == [UNSURE, UNSURE, UNSURE, 1]


def test_the_model_uses_it(tiny_model):
    texts, _ = tiny_corpus(40, seed=3)
    plain = bothways.load(tiny_model)
    second = plain.predict_proba(texts)[:, 1]
    limit = float(np.quantile(second, 0.9))
    spec, tensors = bothways.artifact.load(tiny_model)
    strict = Model(replace(spec, thresholds={"pos": limit}), tensors)
    expected = ["pos" if p >= limit else "neg" for p in second.astype(float)]
    assert strict.predict(texts) == expected != plain.predict(texts)
    np.testing.assert_array_equal(strict.predict_proba(texts), plain.predict_proba(texts))
