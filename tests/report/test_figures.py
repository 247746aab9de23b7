"""The figures of a report are those of scikit-learn and SciPy, and never NaN."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, average_precision_score

from bothways.data import Dataset
from bothways.errors import ArtifactError, DataError
from bothways.report import (
    Answers,
    baseline_rows,
    compare,
    detail,
    read_history,
    train_baseline,
)
from bothways.report._intervals import paired, wilson
from bothways.text import Truncation
from conftest import tiny_corpus


def drawn(texts, classes, seed=0, missing=0):
    """Answers of a model that knows something; the last `missing` labels never occur."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes - missing, texts)
    scores = rng.normal(size=(texts, classes))
    scores[np.arange(texts), truth] += 1.5
    probabilities = np.exp(2 * scores)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = [f"label {n}" for n in range(classes)]
    lengths = rng.integers(0, 50, texts)
    answers = Answers(
        labels,
        truth,
        probabilities,
        probabilities.argmax(axis=1),
        probabilities.max(axis=1),
        lengths,
        Truncation(texts, 0, 0, 0),
    )
    return answers, Dataset([f"text {n}" for n in range(texts)], [labels[t] for t in truth], "x")


@pytest.mark.parametrize("classes", [2, 5])
def test_calibration_and_curves_are_scikit_learns(classes):
    answers, rows = drawn(700, classes)
    figures = detail(answers, rows)
    confidence = answers.probabilities.max(axis=1)
    shares, sure = calibration_curve(answers.right, confidence, n_bins=10)
    bins = figures["calibration"]["bins"]
    np.testing.assert_allclose([b["accuracy"] for b in bins], shares, rtol=1e-12)
    np.testing.assert_allclose([b["confidence"] for b in bins], sure, rtol=1e-12)
    assert sum(b["texts"] for b in bins) == 700
    for n, label in enumerate(answers.labels):
        curve = figures["precision_recall"][label]
        area = average_precision_score(answers.truth == n, answers.probabilities[:, n])
        assert curve["average_precision"] == area
        assert curve["recall"][0] == 1 and curve["recall"][-1] == 0
    everything = figures["coverage"][-1]
    accuracy = accuracy_score(answers.truth, answers.guess)
    assert everything["answered"] == 1 and everything["accuracy"] == pytest.approx(accuracy)
    assert figures["coverage"][0]["accuracy"] > accuracy


def test_a_label_that_a_threshold_gives_is_told_with_its_own_probability():
    answers, rows = drawn(200, 2)
    guess = (answers.probabilities[:, 1] >= 0.9).astype(np.int64)
    certainty = answers.probabilities[np.arange(200), guess]
    figures = detail(replace(answers, guess=guess, certainty=certainty), rows, errors=200)
    wrong = {f"row {n + 1}": certainty[n] for n in np.flatnonzero(guess != answers.truth)}
    told = {error["place"]: error["probability"] for error in figures["confident_errors"]}
    assert told == wrong and min(told.values()) < 0.5
    assert figures["coverage"][-1]["least_probability"] == certainty.min()
    assert figures["calibration"] == detail(answers, rows)["calibration"]


def test_groups_by_length_hold_every_text_once():
    answers, rows = drawn(400, 3)
    groups = detail(answers, rows)["by_length"]
    assert sum(g["texts"] for g in groups) == 400 and len(groups) == 6
    for before, after in pairwise(groups):
        assert before["to"] < after["from"]
    for g in groups:
        inside = (answers.lengths >= g["from"]) & (answers.lengths <= g["to"])
        assert g["texts"] == inside.sum() and g["accuracy"] == answers.right[inside].mean()
        low, high = g["interval"]
        assert 0 <= low <= g["accuracy"] <= high <= 1


def test_the_most_confident_errors_come_first():
    answers, rows = drawn(300, 2)
    errors = detail(answers, rows, errors=7)["confident_errors"]
    wrong = np.sort(answers.probabilities.max(axis=1)[~answers.right])[::-1]
    assert [e["probability"] for e in errors] == wrong[:7].tolist()
    for e in errors:
        n = rows.texts.index(e["text"])
        assert e["place"] == f"row {n + 1}"
        assert e["label"] == rows.labels[n] != e["predicted"]


@pytest.mark.parametrize(
    "texts, classes, missing", [(1, 2, 0), (1, 50, 40), (3, 2, 1), (60, 50, 9)]
)
def test_little_data_gives_no_nan(texts, classes, missing):
    figures = detail(*drawn(texts, classes, missing=missing))
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert len(figures["precision_recall"]) <= classes - missing


def test_intervals():
    expected = binomtest(45, 50).proportion_ci(method="wilson")
    assert wilson(45, 50) == [expected.low, expected.high]
    assert wilson(0, 1)[0] == 0 < wilson(0, 1)[1] < 1
    first, second = np.zeros((2, 1000), bool)
    first[:100] = second[60:130] = True
    (low, high), p = paired(first, second)
    # The normal approximation of a paired difference of 60 and 30 in 1,000.
    spread = 1.96 * np.sqrt((0.09 - 0.03**2) / 1000)
    assert low == pytest.approx(0.03 - spread, abs=3e-3)
    assert high == pytest.approx(0.03 + spread, abs=3e-3)
    assert p == binomtest(60, 90).pvalue
    assert paired(first, first) == ([0, 0], 1)


def test_the_baseline_learns_and_is_compared_text_by_text():
    training = Dataset(*tiny_corpus(200, 1), "train.csv")
    rows = Dataset(*tiny_corpus(100, 2), "test.csv")
    right = np.random.default_rng(0).random(100) < 0.8
    baseline = train_baseline(training, True)
    found = compare(baseline, rows, right)
    theirs = np.array(baseline.predict(rows.texts)) == np.array(rows.labels)
    assert found["accuracy"] == theirs.mean() > 0.9
    assert found["difference"] == pytest.approx(right.mean() - theirs.mean())
    low, high = found["difference_interval"]
    assert low < found["difference"] < high < 0
    assert found["only_the_baseline_right"] == (theirs & ~right).sum()
    assert found["texts"] == 200 and found["trained_on"] == "train.csv"


def test_what_cannot_teach_a_baseline():
    with pytest.raises(DataError, match=r"t\.csv: a baseline needs texts with two labels"):
        train_baseline(Dataset(["a b"], ["x"], "t.csv"), True)
    with pytest.raises(DataError, match=r"t\.csv: there is no word in it"):
        train_baseline(Dataset(["", " "], ["x", "y"], "t.csv"), True)


def test_the_baseline_never_learns_what_it_is_measured_on(tiny_classifier):
    spec = tiny_classifier.model_.spec
    rows = Dataset(*tiny_corpus(), "corpus.csv")
    other = Dataset(*tiny_corpus(40, 3), "other.csv")
    taught, same = baseline_rows(spec, rows, rows, held_out=True)
    assert same and len(taught) == spec.training["texts"] == 45
    assert baseline_rows(spec, other, rows, held_out=False) == (other, False)
    taught, same = baseline_rows(spec, rows, other, held_out=False)
    assert same and len(taught) == 45
    with pytest.raises(DataError, match="measured on the same texts"):
        baseline_rows(spec, rows, rows, held_out=False)
    with pytest.raises(DataError, match=r"other\.csv is other data"):
        baseline_rows(spec, other, rows, held_out=True)


def test_history(tmp_path):
    path = tmp_path / "history.jsonl"
    assert read_history(tmp_path) == []
    line = '{"epoch": 1, "train_loss": NaN, "valid_loss": null, "valid_accuracy": 0.5}\n'
    path.write_text(line)
    assert read_history(tmp_path) == [
        {"epoch": 1, "train_loss": None, "valid_loss": None, "valid_accuracy": 0.5}
    ]
    for bad in ("[1]\n", "{", '{"epoch": 1}\n', '{"epoch": "x"}\n'):
        path.write_text(line + bad)
        with pytest.raises(ArtifactError, match=r"history\.jsonl, line 2"):
            read_history(tmp_path)
