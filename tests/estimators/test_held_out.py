"""Holding out by a hash or a column trains as holding out the same texts by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bothways import TextClassifier
from bothways.data import hash_split
from bothways.errors import ArgumentError, DataError
from bothways.training import preset
from bothways.tuning import first_recipe
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=2, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus(80)


def part(rows):
    return [TEXTS[n] for n in rows], [LABELS[n] for n in rows]


@pytest.mark.parametrize("validation", ["hash:0.3", "column:split"])
def test_the_same_model_as_by_hand(validation):
    held = hash_split(TEXTS, 0.3)
    assert 10 < held.sum() < 40
    column = held.tolist() if validation.startswith("column") else None
    options = {"preset": SMALL, "calibrate": False}
    found = TextClassifier(validation=validation, **options).fit(TEXTS, LABELS, held_out=column)
    by_hand = TextClassifier(**options)
    by_hand.fit(*part(np.flatnonzero(~held)), valid=part(np.flatnonzero(held)))
    np.testing.assert_array_equal(found.predict_proba(TEXTS), by_hand.predict_proba(TEXTS))
    assert found.model_.spec.quality == by_hand.model_.spec.quality
    assert found.model_.spec.training["validation"] == validation
    assert found.model_.spec.training["texts"] == int((~held).sum())


def test_weights_go_with_their_texts():
    weights = np.linspace(0.5, 2, len(TEXTS))
    held = hash_split(TEXTS, 0.3)
    found = TextClassifier(preset=SMALL, validation="hash:0.3", calibrate=False)
    found.fit(TEXTS, LABELS, weights)
    by_hand = TextClassifier(preset=SMALL, calibrate=False)
    learned = np.flatnonzero(~held)
    by_hand.fit(
        *part(learned), weights[learned], valid=(*part(np.flatnonzero(held)), weights[held])
    )
    np.testing.assert_array_equal(found.predict_proba(TEXTS), by_hand.predict_proba(TEXTS))


def test_a_search_begins_with_what_is_left():
    recipe = replace(SMALL, least_steps=40, batch_size=8)
    some = TextClassifier(preset=recipe, validation="column:x")
    held = [n >= 40 for n in range(80)]
    assert first_recipe(some, TEXTS, held_out=held).epochs == 8  # 40 texts, 5 steps a pass
    assert first_recipe(some, TEXTS, valid=(TEXTS, LABELS)).epochs == 4


@pytest.mark.parametrize(
    ("validation", "how", "error", "message"),
    [
        ("hash:2", {}, ArgumentError, "hash:2, expected a number between 0 and 1"),
        ("hash:1e-12", {}, DataError, "hash:1e-12 holds out none of 80 texts"),
        ("column:x", {}, ArgumentError, "column:x needs to know of each of 80 texts"),
        ("a quarter", {}, ArgumentError, "expected a fraction, a count, hash:FRACTION or column"),
        (0.2, {"held_out": [True] * 80}, ArgumentError, "held_out is for validation='column:NAME'"),
        (
            *("column:x", {"held_out": [label == "pos" for label in LABELS]}, DataError),
            "column:x holds out every text with the label 'pos'",
        ),
        (
            *("column:x", {"held_out": [n == 0 for n in range(80)]}, DataError),
            "the validation part has no text with the label",
        ),
    ],
)
def test_what_cannot_be_held_out(validation, how, error, message):
    with pytest.raises(error, match=message):
        TextClassifier(preset=SMALL, validation=validation).fit(TEXTS, LABELS, **how)
