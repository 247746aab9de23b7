"""Calibration: errors by hand, temperatures that are known, and what is promised of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from bothways.training import brier_score, calibration_error, fit_calibration, fit_temperature

SEEDS = st.integers(0, 2**32 - 1)


def sample(seed, texts, classes, temperature):
    """Scores whose true probabilities are those of the scores divided by `temperature`."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 3, (texts, classes))
    scores = np.concatenate([np.zeros_like(z), z], axis=1) if classes == 1 else z
    # Gumbel's way to draw from a softmax.
    drawn = scores / temperature + rng.gumbel(size=scores.shape)
    return z, drawn.argmax(axis=1)


def test_the_error_by_hand():
    """In bins of 1/10: two texts at 0.95, one of them right; two at 0.61, both right."""
    p = [[0.95, 0.05], [0.05, 0.95], [0.61, 0.39], [0.39, 0.61]]
    expected = (2 * abs(0.5 - 0.95) + 2 * abs(1 - 0.61)) / 4
    assert calibration_error([0, 0, 0, 1], p) == pytest.approx(expected)
    weighted = (abs(3 * (1 - 0.95) + 1 * (0 - 0.95)) + 2 * abs(1 - 0.61)) / 6
    assert calibration_error([0, 0, 0, 1], p, [3, 1, 1, 1]) == pytest.approx(weighted)


def test_certain_answers():
    p = [[1.0, 0.0], [1.0, 0.0]]
    assert calibration_error([0, 0], p) == 0
    assert calibration_error([1, 1], p) == 1


@given(SEEDS, st.integers(1, 50))
def test_the_brier_score_of_two_labels_is_scikit_learns(seed, texts):
    rng = np.random.default_rng(seed)
    second, truth = rng.uniform(size=texts), rng.integers(0, 2, texts)
    expected = brier_score_loss(truth, second, pos_label=1)
    assert brier_score(truth, np.stack([1 - second, second], 1)) == pytest.approx(expected)


def test_the_brier_score_of_more():
    expected = (0.5**2 + 0.3**2 + 0.2**2 + 0) / 2
    assert brier_score([0, 2], [[0.5, 0.3, 0.2], [0, 0, 1]]) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [1, 2, 5])
@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_found(classes, temperature):
    z, truth = sample(7, 8_000, classes, temperature)
    assert fit_temperature(z, truth) == pytest.approx(temperature, rel=0.06)


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_a_known_temperature_of_several_labels_is_found(temperature):
    rng = np.random.default_rng(5)
    z = rng.normal(0, 2, (20_000, 3))
    truth = rng.uniform(size=z.shape) < expit(z / temperature)
    assert fit_temperature(z, truth) == pytest.approx(temperature, rel=0.06)


def test_the_error_of_several_labels_is_that_of_all_pairs():
    truth = np.array([[True, False], [True, True]])
    # Two pairs at 0.9, both true; two at 0.3, one of them true.
    assert calibration_error(truth, [[0.9, 0.3], [0.3, 0.9]]) == pytest.approx((0.1 + 0.2) / 2)


@pytest.mark.parametrize("classes", [1, 4])
def test_scaled_scores_give_scaled_temperatures(classes):
    z, truth = sample(3, 500, classes, 1.5)
    assert fit_temperature(5 * z, truth) == pytest.approx(5 * fit_temperature(z, truth), rel=1e-3)


def test_whole_weights_are_repetitions():
    z, truth = sample(4, 300, 3, 0.7)
    counts = np.random.default_rng(0).integers(0, 4, 300)
    repeated = fit_temperature(np.repeat(z, counts, axis=0), np.repeat(truth, counts))
    assert fit_temperature(z, truth, counts) == pytest.approx(repeated, rel=1e-3)


@pytest.mark.parametrize("classes", [1, 3])
def test_too_certain_scores_are_mended(classes):
    z, truth = sample(5, 2_000, classes, 3.0)
    facts = fit_calibration(z, truth)
    before, after = facts["log_loss"]
    assert facts["texts"] == 2_000 and facts["temperature"] == pytest.approx(3, rel=0.2)
    assert after < before
    before, after = facts["calibration_error"]
    assert after < 0.03 < 0.1 < before


def test_a_temperature_that_does_not_help_is_refused():
    """Scores that are right to begin with: of the temperatures, a few help by chance."""
    kept = 0
    for seed in range(10):
        facts = fit_calibration(*sample(seed, 150, 1, 1.0))
        before, after = facts["log_loss"]
        kept += facts["temperature"] != 1
        assert (facts["temperature"] == 1) == (after >= before)
    assert kept < 5
