"""The steps that a row missed, added up in closed form, beside the loop over them: float64."""

from __future__ import annotations

import numpy as np
import pytest

from bothways.kernels import reference
from bothways.optim import _missed

# What the docstring of _missed.py promises: times r^3, of the missed move.
PROMISE = 1 / 8
BETAS = [
    *((0.9, 0.999), (0.9, 0.99), (0.9, 0.98), (0.95, 0.99), (0.5, 0.999), (0.99, 0.999)),
    (0.0, 0.9),
]
# The rate of the n-th missed step.
RATES = {
    "steady": lambda n: 1e-3 * np.ones(len(n)),
    "warm-up": lambda n: 1e-5 * n,
    "falling": lambda n: 1e-3 * np.exp(-n / 50),
    "restarts": lambda n: 1e-3 * (1 + np.cos(n / 7)),
}


def plain(w, m, v, rates, corrected, fade, beta_1, beta_2, epsilon):
    """One dense step after another, without gradient."""
    for rate, move in zip(rates, corrected, strict=True):
        m, v = m * beta_1, v * beta_2
        w = w - fade * rate * w
        w = w - move * m / (np.sqrt(v) + epsilon)
    return w, m, v


def in_closed_form(w, m, v, rates, corrected, fade, beta_1, beta_2, epsilon):
    """The history's first column, by the reference's catch-up in float64."""
    history, n = _missed.new_history(), len(rates)
    for count, (rate, move) in enumerate(zip(rates, corrected, strict=True), 1):
        _missed.pass_step(history, count, move, fade * rate, beta_1, beta_2)
    tables = [array.copy()[None] for array in (w, m, v)]
    seen, row, factors = np.zeros(1, int), np.array([0]), _missed.missed(history, n, np.float64)
    reference.adam_catch_up(*tables, seen, row, factors, step=n, epsilon=epsilon)
    return [table[0] for table in tables]


@pytest.mark.parametrize("schedule", RATES)
@pytest.mark.parametrize("share", [0.0, 1e-4, 1e-2])
@pytest.mark.parametrize("beta_1, beta_2", BETAS)
def test_within_the_promised_bound(schedule, share, beta_1, beta_2):
    """Weight decay takes up to `share * (1 - beta_1)` in a step."""
    epsilon = 1e-7
    v = np.geomspace(1e-22, 1.0, 45)  # from nothing beside epsilon to all
    m, w = np.sqrt(v) + 1e-9, np.zeros(45)
    bound = PROMISE * ((1 - beta_2) / (1 - beta_1)) ** 3
    for n in (1, 2, 5, 30, 300, 1000):
        rates = RATES[schedule](np.arange(1, n + 1))
        fade = share * (1 - beta_1) / rates.max()
        for start in (1, 20, 100_000):
            steps = start + np.arange(1, n + 1)
            corrected = rates * np.sqrt(1 - beta_2**steps) / (1 - beta_1**steps)
            settings = (rates, corrected, fade, beta_1, beta_2, epsilon)
            expected, first, second = plain(w, m, v, *settings)
            got, got_first, got_second = in_closed_form(w, m, v, *settings)
            np.testing.assert_allclose(got, expected, rtol=bound + 1e-12, atol=0)
            np.testing.assert_allclose(got_first, first, rtol=1e-12)
            np.testing.assert_allclose(got_second, second, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_exact_where_epsilon_is_all_or_nothing(size):
    """Where it is all, where it is nothing, and with betas that make a wide spread."""
    m, v, w = np.ones(3), np.full(3, size), np.zeros(3)
    rates = np.linspace(1e-3, 2e-3, 400)
    settings = (rates, rates, 0.1, 0.9, 0.98, 1.0)
    expected, _, _ = plain(w, m, v, *settings)
    np.testing.assert_allclose(in_closed_form(w, m, v, *settings)[0], expected, rtol=1e-12)


def test_weight_decay_alone():
    """A row that never had a gradient loses its weight step by step, here 94 % of it."""
    w, zero, rates = np.array([1.0, -2.0]), np.zeros(2), np.linspace(0, 0.1, 200)
    expected, _, _ = plain(w, zero, zero, rates, rates, 0.28, 0.9, 0.999, 1e-7)
    got, _, _ = in_closed_form(w, zero, zero, rates, rates, 0.28, 0.9, 0.999, 1e-7)
    np.testing.assert_allclose(got, expected, rtol=1e-13)
    assert 0.05 < got[0] < 0.07


def test_rates_of_zero_move_nothing():
    w, m, none = np.array([1.0]), np.array([0.5]), np.zeros(4)
    got, first, second = in_closed_form(w, m, m, none, none, 0.1, 0.9, 0.999, 1e-7)
    assert got == 1
    np.testing.assert_allclose([first[0], second[0]], [0.5 * 0.9**4, 0.5 * 0.999**4])


def test_each_column_is_a_history_of_its_own():
    """Column k is what a history begun k steps later has in its first one."""
    rates = np.linspace(1, 2, 12) * 1e-3
    long, short = _missed.new_history(), _missed.new_history()
    for count, rate in enumerate(rates, 1):
        _missed.pass_step(long, count, rate, 0.1 * rate, 0.9, 0.999)
    for count, rate in enumerate(rates[5:], 1):
        _missed.pass_step(short, count, rate, 0.1 * rate, 0.9, 0.999)
    np.testing.assert_array_equal(_missed.missed(long, 12)[5:], _missed.missed(short, 7))
