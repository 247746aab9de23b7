"""A temperature in training: what it changes, what it leaves, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from bothways import TextClassifier
from bothways.errors import ArgumentError
from bothways.runtime import Model
from bothways.training import preset
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=3, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus(260)
# Every seventh is wrong, so that certain answers are too certain.
NOISY = ["pos" if n % 7 == 0 else label for n, label in enumerate(LABELS)]


def fitted(labels=NOISY, valid=100, **options):
    return TextClassifier(preset=SMALL, validation=valid, **options).fit(TEXTS, labels)


def test_probabilities_change_and_labels_stay():
    with_one, without = fitted(), fitted(calibrate=False)
    temperature = with_one.model_.spec.temperature
    assert temperature != 1 and without.model_.spec.temperature == 1
    plain, scaled = (c.predict_proba(TEXTS)[:, 1] for c in (without, with_one))
    expected = expit(logit(plain.astype(float)) / temperature)
    np.testing.assert_allclose(scaled, expected, rtol=1e-4)
    np.testing.assert_array_equal(with_one.predict(TEXTS), without.predict(TEXTS))


def test_the_facts():
    spec = fitted(calibrate=True).model_.spec
    facts = spec.quality["calibration"]
    assert facts["temperature"] == spec.temperature and facts["texts"] == 100
    assert facts["log_loss"][0] == pytest.approx(spec.quality["log_loss"])
    assert facts["log_loss"][1] < facts["log_loss"][0]
    assert "calibration" not in fitted(calibrate=False).model_.spec.quality


def test_several_labels():
    labels = [("zero", "one", "two")[n % 3] if n % 5 else x for n, x in enumerate(LABELS)]
    spec = fitted(labels).model_.spec
    assert len(spec.labels) == 5 and spec.quality["calibration"]["texts"] == 100


def test_several_labels_a_text():
    """Each label by itself: one temperature for all sigmoids, and the same labels."""
    sets = [[x, "even"] if n % 2 else [x] for n, x in enumerate(NOISY)]
    with_one, without = fitted(sets), fitted(sets, calibrate=False)
    facts = with_one.model_.spec.quality["calibration"]
    assert facts["temperature"] != 1 and facts["log_loss"][1] < facts["log_loss"][0]
    plain, scaled = (c.predict_proba(TEXTS) for c in (without, with_one))
    expected = expit(logit(plain.astype(float)) / facts["temperature"])
    np.testing.assert_allclose(scaled, expected, rtol=1e-4)
    np.testing.assert_array_equal(with_one.predict(TEXTS), without.predict(TEXTS))


def test_it_is_saved(tmp_path):
    classifier = fitted()
    classifier.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert loaded.spec.temperature == classifier.model_.spec.temperature
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"divided by the temperature {loaded.spec.temperature:.3f}" in card


def test_a_small_part_gets_none():
    spec = fitted(valid=99).model_.spec
    assert spec.temperature == 1 and "calibration" not in spec.quality


def test_texts_that_do_not_count_are_not_counted():
    weights = np.ones(len(TEXTS))
    valid = TEXTS[:120], NOISY[:120], np.r_[np.zeros(30), np.ones(90)]
    classifier = TextClassifier(preset=SMALL, calibrate=True)
    with pytest.raises(ArgumentError, match="at least 100 texts, got 90"):
        classifier.fit(TEXTS, NOISY, weights, valid=valid)


@pytest.mark.parametrize(
    "options, labels, expected",
    [
        ({"valid": 50}, NOISY, "validation part of at least 100 texts, got 50"),
        ({"valid": None}, NOISY, "validation part of at least 100 texts, got 0"),
        ({"calibrate": "yes"}, NOISY, "calibrate must be True, False or None, got 'yes'"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(options, labels, expected):
    with pytest.raises(ArgumentError, match=expected):
        fitted(labels, **{"calibrate": True, **options})
