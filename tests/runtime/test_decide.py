"""When no answer is given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import bothways
from bothways.errors import ArgumentError
from bothways.runtime import UNSURE, decide, refuse_several
from conftest import tiny_corpus

PLAIN = SimpleNamespace(labels=("neg", "pos"), thresholds={})
ROWS = np.array([[0.3, 0.7], [0.55, 0.45], [0.25, 0.75]], np.float32)


@pytest.mark.parametrize(
    "limit, answers",
    [
        (None, [1, 0, 1]),
        (0, [1, 0, 1]),
        (0.75, [UNSURE, UNSURE, 1]),  # at the limit it is answered
        (1.0, [UNSURE] * 3),
    ],
)
def test_answers_below_the_limit_are_rejected(limit, answers):
    assert decide(ROWS, PLAIN, limit).answers.tolist() == answers


@pytest.mark.parametrize("limit", [-0.1, 1.01, float("nan"), "0.5", True])
def test_a_limit_is_a_probability(limit):
    with pytest.raises(ArgumentError, match="reject_below must be a number from 0 to 1, got"):
        decide(ROWS, PLAIN, limit)


def test_the_model_and_the_classifier_reject_the_same(tiny_classifier, tiny_model):
    texts = tiny_corpus(30, seed=5)[0]
    model = bothways.load(tiny_model)
    limit = float(np.median(model.predict_proba(texts).max(axis=1)))
    names = model.predict(texts, reject_below=limit)
    assert 0 < names.count(None) < len(texts)
    assert tiny_classifier.predict(texts, reject_below=limit).tolist() == names
    for given, name in zip(model.predict(texts), names, strict=True):
        assert name in (given, None)


def test_several_labels_are_not_rejected():
    refuse_several(True, None)
    refuse_several(False, 0.5)
    with pytest.raises(ArgumentError, match="this model gives a text several labels"):
        refuse_several(True, 0.5)
