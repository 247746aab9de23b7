"""Several labels a text: the figures are scikit-learn's, the intervals those of drawing again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from bothways.data import Dataset
from bothways.report import SetAnswers, compare_sets, detail_sets, measure_sets, train_baseline
from bothways.report._intervals import micro_f1, micro_f1_difference, micro_f1_interval
from bothways.report._several import set_counts
from bothways.text import Truncation

LABELS = ["a", "b", "c", "d"]


def drawn(texts, seed=0, noise=0.3):
    """Answers of a model that knows something."""
    rng = np.random.default_rng(seed)
    truth = rng.random((texts, 4)) < [0.6, 0.4, 0.2, 0.05]
    scores = 2 * truth - 1 + rng.normal(scale=noise * 5, size=truth.shape)
    p = (1 / (1 + np.exp(-scores))).astype(np.float32)
    lengths = rng.integers(0, 50, texts)
    answers = SetAnswers(LABELS, truth, p, p >= 0.5, lengths, Truncation(texts, 0, 0, 0))
    sets = [tuple(np.array(LABELS)[row].tolist()) for row in truth]
    texts = [" ".join(("film", *(3 * name for name in names))) for names in sets]
    return answers, Dataset(texts, None, "t.csv", label_sets=sets)


def test_micro_f1_is_scikit_learns():
    answers, _ = drawn(500)
    expected = f1_score(answers.truth, answers.guess, average="micro")
    assert micro_f1(answers.counts) == pytest.approx(expected, rel=1e-12)
    assert measure_sets(answers)["micro_f1"] == expected
    assert micro_f1(np.zeros((3, 3), np.int64)) == 0


def test_the_interval_is_that_of_texts_drawn_again_one_by_one():
    answers, _ = drawn(400)
    counts, rng = answers.counts, np.random.default_rng(5)
    again = [micro_f1(counts[rng.integers(0, 400, 400)]) for _ in range(3000)]
    expected = np.quantile(again, [0.025, 0.975])
    np.testing.assert_allclose(micro_f1_interval(counts), expected, atol=3e-3)
    other = drawn(400, seed=0, noise=0.5)[0].counts
    pairs = rng.integers(0, 400, (3000, 400))
    apart = [micro_f1(counts[n]) - micro_f1(other[n]) for n in pairs]
    expected = np.quantile(apart, [0.025, 0.975])
    np.testing.assert_allclose(micro_f1_difference(counts, other), expected, atol=4e-3)
    assert micro_f1_difference(counts, counts) == [0, 0]


def test_the_figures_of_the_page():
    answers, rows = drawn(600)
    figures = detail_sets(answers, rows)
    truth, guess = answers.truth, answers.guess
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["labels_found"] == (truth & guess).sum()
    assert figures["labels_given"] == guess.sum() and figures["labels_true"] == truth.sum()
    assert figures["labels_a_text"]["true"][:3] == [(truth.sum(1) == n).sum() for n in range(3)]
    assert sum(figures["labels_a_text"]["given"]) == 600
    assert sum(b["texts"] for b in figures["calibration"]["bins"]) == 2400
    for n, name in enumerate(LABELS):
        area = average_precision_score(truth[:, n], answers.probabilities[:, n])
        assert figures["precision_recall"][name]["average_precision"] == area
    for group in figures["by_length"]:
        inside = (answers.lengths >= group["from"]) & (answers.lengths <= group["to"])
        expected = f1_score(truth[inside], guess[inside], average="micro")
        assert group["micro_f1"] == pytest.approx(expected) and group["texts"] == inside.sum()
    most = figures["given_instead"][0]
    a, b = LABELS.index(most["missed"]), LABELS.index(most["given"])
    both = truth[:, a] & ~guess[:, a] & guess[:, b] & ~truth[:, b]
    assert most["texts"] == both.sum() > 0
    assert most["texts_with_the_label"] == truth[:, a].sum()


def test_the_most_confident_errors_come_first():
    answers, rows = drawn(300)
    errors = detail_sets(answers, rows, errors=9)["confident_errors"]
    wrong = answers.guess != answers.truth
    distance = np.sort(np.abs(answers.truth - answers.probabilities)[wrong])[::-1]
    found = [e["probability"] if e["given"] else 1 - e["probability"] for e in errors]
    np.testing.assert_allclose(found, distance[:9], rtol=1e-6)
    for e in errors:
        assert (e["label"] in e["predicted"]) == e["given"] != (e["label"] in e["labels"])


@pytest.mark.parametrize("texts", [1, 2, 5])
def test_little_data_gives_no_nan(texts):
    answers, rows = drawn(texts)
    figures = measure_sets(answers) | detail_sets(answers, rows)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_the_baseline_is_compared_text_by_text():
    training = drawn(400, seed=1)[1]
    answers, rows = drawn(300, seed=2)
    baseline = train_baseline(training, True)
    found = compare_sets(baseline, rows, answers)
    given = baseline.predict_sets(rows.texts)
    guess = np.array([[name in names for name in LABELS] for names in given])
    expected = f1_score(answers.truth, guess, average="micro")
    assert found["micro_f1"] == pytest.approx(expected) and expected > 0.95
    assert found["difference"] == pytest.approx(micro_f1(answers.counts) - expected)
    low, high = found["difference_interval"]
    assert low < found["difference"] < high < 0
    right = (guess == answers.truth).all(axis=1)
    assert found["only_the_baseline_right"] == (right & ~answers.right).sum()
    assert (set_counts(answers.truth, guess)[:, 0] == (answers.truth & guess).sum(1)).all()


def test_a_label_of_every_text_and_one_of_none(recwarn):
    sets = [("a", "b")] * 3 + [("a",)] * 3
    rows = Dataset(["film old"] * 3 + ["film new"] * 3, None, "t", label_sets=sets)
    baseline = train_baseline(rows, True)
    assert baseline.predict_sets(["film old", "film new"]) == [("a", "b"), ("a",)]
    assert not recwarn.list
