"""The parts of a search: its table, the time, the size."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from fake_training import SIZES
from hypothesis import given
from hypothesis import strategies as st

from bothways.errors import ArgumentError
from bothways.training import PRESETS, Preset, parse_preset, preset, preset_json
from bothways.tuning import SPACE, Budget, Choice, Cost, Span, parse_duration
from bothways.tuning._proposals import distributions
from bothways.tuning._size import small_enough
from bothways.tuning._space import changes, coordinate, recipe_at, space_around


def test_the_table_holds_values_that_presets_take():
    assert set(SPACE) <= {field.name for field in fields(Preset)}
    for name, values in SPACE.items():
        ends = values.values if isinstance(values, Choice) else (values.low, values.high)
        for value in ends:
            recipe = replace(preset("fast"), **{name: value})
            assert parse_preset(preset_json(recipe).encode()) == recipe


@pytest.mark.parametrize("base", [*PRESETS.values(), Preset("odd", max_tokens=None, epochs=99,
    dropout=0.9, hidden_size=7, merge="sum", learning_rate=1e-6, layers=3)],
    ids=lambda p: p.name)  # fmt: skip
@given(data=st.data())
def test_every_point_is_a_readable_recipe_within_the_table(base, data):
    table = space_around(base, ("dropout",), 9_999, SPACE)
    assert "dropout" not in table
    own = {name: coordinate(base, name, 9_999) for name in table}
    assert recipe_at(base, own, 9_999, table) == base
    point = {}
    for name, where in distributions(table).items():
        assert where._contains(where.to_internal_repr(own[name]))
        if hasattr(where, "choices"):
            values = st.sampled_from(where.choices)
        else:
            kind = st.integers if isinstance(where.low, int) else st.floats
            values = kind(where.low, where.high)
        point[name] = data.draw(values)
    recipe = recipe_at(base, point, 9_999, table)
    assert parse_preset(preset_json(recipe).encode()) == recipe
    for name, value in changes(base, recipe).items():
        if isinstance(table[name], Span):
            assert table[name].low <= value <= table[name].high
            digits = Decimal(str(value)).normalize().as_tuple().digits
            assert len(digits) <= 3 or value in (table[name].low, table[name].high)


def test_what_looks_ahead_stays_of_the_kind_that_can():
    base = replace(preset("fast"), lookahead=5)
    free, table = (space_around(of, (), 9_999, SPACE) for of in (preset("fast"), base))
    assert free.keys() - table.keys() == {"layers", "pooling"}


def test_between_one_layer_nothing_is_dropped():
    base = replace(preset("fast"), layers=2, layer_dropout=0.3)
    recipe = recipe_at(base, {"layers": 1}, 100, {"layers": Choice((1, 2))})
    assert (recipe.layers, recipe.layer_dropout) == (1, 0.0)


@pytest.mark.parametrize(
    "text, seconds",
    [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5 h", 5400), ("2min", 120), (7, 7), (0.5, 0.5)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "10x", "-3s", "1e3", "nan", True, None, "0m", "9" * 13])
def test_what_is_no_duration(text):
    with pytest.raises(ArgumentError, match=r"got the time .*, expected "):
        parse_duration(text)


def test_the_budget_keeps_a_little_for_the_end():
    now = 10.0
    budget = Budget(100, clock=lambda: now)
    now = 40.0
    assert (budget.used, budget.left) == (30.0, 68.0)
    assert Budget(1000, started=5.0, clock=lambda: now).left == 1000 - 5 - 35


def test_estimates_follow_what_was_measured():
    cost, small = Cost(1000, 20_000), replace(preset("fast"), epochs=4)
    wide, long = replace(small, hidden_size=256), replace(small, epochs=40)
    assert cost.estimate(small) == 0
    cost.learn(small, 2.0, 6.0)  # half of its epochs in six seconds
    assert cost.estimate(small) == pytest.approx(1.25 * 12)
    assert cost.estimate(long) == pytest.approx(1.25 * 120)
    assert cost.estimate(wide) > 4 * cost.estimate(small)
    cost.learn(wide, 0.0, 1.0)  # nothing was trained: nothing learned
    assert cost.estimate(small) == pytest.approx(1.25 * 12)


def test_a_recipe_is_made_small_enough():
    base = preset("fast")
    assert small_enough(base, SIZES, None, (), SPACE) is base
    assert small_enough(base, SIZES, SIZES.of(base), (), SPACE) is base
    one_less = small_enough(base, SIZES, SIZES.of(base) - 1, (), SPACE)
    assert one_less == replace(base, max_tokens=SIZES.vocabulary - 1)
    narrow = small_enough(base, SIZES, 250_000, (), SPACE)
    assert narrow.embedding_dim == narrow.hidden_size == 16
    assert SIZES.of(narrow) <= 250_000 < SIZES.of(replace(narrow, max_tokens=narrow.max_tokens + 1))
    fixed = small_enough(base, SIZES, 600_000, ("max_tokens",), SPACE)
    assert fixed.max_tokens == base.max_tokens and fixed.embedding_dim == 16
    with pytest.raises(ArgumentError, match=r"5 bytes are too few for a model: the smallest .* 1"):
        small_enough(base, SIZES, 5, (), SPACE)
