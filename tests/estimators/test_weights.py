"""What texts and labels count: laws of the weights, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.class_weight import compute_sample_weight

from bothways import TextClassifier
from bothways.errors import ArgumentError, DataError
from bothways.estimators._weights import checked_weights, class_weights, text_weights
from bothways.training import preset
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=3, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus()


def fitted(sample_weight=None, **options):
    classifier = TextClassifier(**{"preset": SMALL, "validation": None, **options})
    return classifier.fit(TEXTS, LABELS, sample_weight)


def probabilities(*arguments, **options):
    return fitted(*arguments, **options).predict_proba(TEXTS)


@pytest.mark.parametrize("weight", [1, 7, 0.1])
def test_equal_weights_are_no_weights_bit_for_bit(weight):
    same = probabilities(np.full(len(TEXTS), weight))
    np.testing.assert_array_equal(same, probabilities())


def test_weights_of_labels_are_the_weights_of_their_texts():
    by_label = probabilities(class_weight={"neg": 5})
    by_text = probabilities([5 if label == "neg" else 1 for label in LABELS])
    np.testing.assert_array_equal(by_label, by_text)
    balanced = probabilities(class_weight="balanced")
    expected = probabilities(compute_sample_weight("balanced", LABELS))
    np.testing.assert_allclose(balanced, expected, rtol=1e-6)
    assert (by_label != probabilities()).any()


def test_both_kinds_are_multiplied():
    own = np.arange(1, len(TEXTS) + 1)
    product = own * np.array([3.0 if label == "pos" else 1.0 for label in LABELS])
    together = probabilities(own, class_weight={"pos": 3})
    np.testing.assert_array_equal(together, probabilities(product))


def test_what_weighs_nothing_is_not_learned():
    """Every "good" text has the wrong label, and the weight 0, but for a few that are right."""
    texts = ["good film", "bad film"] * 20 + ["good film"] * 4
    labels = ["neg", "neg"] * 20 + ["pos"] * 4
    weights = [0.0, 1.0] * 20 + [5.0] * 4
    classifier = TextClassifier(preset=replace(SMALL, epochs=15), validation=None)
    assert classifier.fit(texts, labels, weights).predict(["good film"]) == ["pos"]
    assert classifier.fit(texts, labels).predict(["good film"]) == ["neg"]


def test_a_rare_label_is_found_when_weights_are_balanced():
    rng = np.random.default_rng(0)
    rare = rng.uniform(size=300) < 0.06
    # The word that tells them apart is there in six of ten rare texts, and in one of ten others.
    texts = ["film odd" if rng.uniform() < (0.6 if r else 0.1) else "film" for r in rare]
    scores = {
        weight: balanced_accuracy_score(
            rare,
            TextClassifier(preset=replace(SMALL, epochs=8), validation=None, class_weight=weight)
            .fit(texts, rare)
            .predict(texts),
        )
        for weight in (None, "balanced")
    }
    assert scores[None] == 0.5 and scores["balanced"] > 0.65


def test_the_best_epoch_is_chosen_by_weighted_figures():
    classifier = fitted(class_weight={"neg": 1, "pos": 3}, validation=20)
    spec = classifier.model_.spec
    assert spec.quality["weighted"] is True
    assert spec.training["class_weight"] == {"neg": 1.0, "pos": 3.0}
    valid = TEXTS[:9], LABELS[:9], np.eye(9)[4]
    only = TextClassifier(preset=SMALL).fit(TEXTS, LABELS, valid=valid)
    right = only.predict(TEXTS[4:5])[0] == LABELS[4]
    assert only.model_.spec.quality["accuracy"] == float(right)


def test_columns_of_every_kind():
    weights = np.linspace(0, 3, len(TEXTS))
    expected = probabilities(weights)
    for form in (weights.tolist(), pa.array(weights), pa.chunked_array([weights[:9], weights[9:]])):
        np.testing.assert_array_equal(probabilities(form), expected)


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=4), st.lists(st.integers(0, 3), min_size=9))
def test_given_class_weights_reach_their_texts(weights, codes):
    names, codes = np.array(["a", "b", "c", "d"]), np.array(codes)
    if not any(weights):
        return
    given, counts = dict(zip(names.tolist(), weights, strict=True)), np.bincount(codes, minlength=4)
    found = class_weights(given, counts, len(codes), False, names)
    np.testing.assert_array_equal(found, weights)
    if any(weights[c] for c in codes):
        texts = text_weights(None, found, codes, "training")
        np.testing.assert_array_equal(texts, np.array(weights)[codes])


@pytest.mark.parametrize(
    "weights, message",
    [
        ([1, 2], r"one sample_weight for each of 3 texts, got shape \(2,\)"),
        ([[1, 2, 3]], "one sample_weight for each of 3 texts"),
        ([1, -2, 3], "sample_weight at place 1 is -2.0, expected a finite number from 0"),
        ([1, 2, float("nan")], "sample_weight at place 2 is nan"),
        ([1, 2, float("inf")], "sample_weight at place 2 is inf"),
        ([0, 0, 0], "every sample_weight is zero"),
        (["a", "b", "c"], "sample_weight must hold numbers"),
        (pa.array([1, None, 2]), "sample_weight at place 1 is nan"),
    ],
)
def test_weights_that_cannot_be_used(weights, message):
    with pytest.raises(DataError, match=message):
        checked_weights(weights, 3)


@pytest.mark.parametrize(
    "weight, message",
    [
        ({"odd": 2}, "names the label 'odd', which no text has; the labels are 'neg', 'pos'"),
        ({"pos": -1}, "class_weight of 'pos' must be a finite number from 0, got -1"),
        ({"pos": float("nan")}, "class_weight of 'pos' must be a finite number from 0, got nan"),
        ({"pos": "2"}, "class_weight of 'pos' must be a finite number from 0, got '2'"),
        ({"pos": 0, "neg": 0}, "gives every label the weight 0"),
        ("balance", "must be None, 'balanced' or a dict from labels, got 'balance'"),
    ],
)
def test_class_weights_that_cannot_be_used(weight, message):
    with pytest.raises(ArgumentError, match=message):
        fitted(class_weight=weight)


def test_a_part_without_weight():
    weights = [1.0] * len(TEXTS)
    valid = (TEXTS[:5], LABELS[:5], [0.0] * 5)
    with pytest.raises(DataError, match="every sample_weight is zero"):
        TextClassifier(preset=SMALL).fit(TEXTS, LABELS, weights, valid=valid)
    own = [1.0 if label == "pos" else 0.0 for label in LABELS]
    with pytest.raises(DataError, match="every text of the training part has the weight 0"):
        fitted(own, class_weight={"pos": 0})
