"""Texts that come in parts."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import TextClassifier
from bothways.errors import ArgumentError, DataError
from bothways.training import preset
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus(240)
PAIRS = list(zip(TEXTS, LABELS, strict=True))


def parts(size=40):
    return [
        (TEXTS[n : n + size], np.array(LABELS[n : n + size])) for n in range(0, len(TEXTS), size)
    ]


def fitted_in_parts(**options):
    classifier = TextClassifier(preset=SMALL, **options)
    for texts, labels in parts() * 2:
        classifier.partial_fit(texts, labels, classes=["neg", "pos"])
    return classifier


def test_it_learns_and_says_from_what():
    classifier = fitted_in_parts()
    assert classifier.score(TEXTS, LABELS) > 0.9
    assert len(classifier.history_) == 12
    facts = classifier.model_.spec.training
    assert (facts["parts"], facts["texts"]) == (12, 480)
    assert facts["labels"] == {name: 2 * LABELS.count(name) for name in ("neg", "pos")}


def test_the_same_parts_give_the_same_bits_and_a_saved_model(tmp_path):
    one, other = fitted_in_parts(threads=1), fitted_in_parts(threads=2)
    expected = one.predict_proba(TEXTS)
    np.testing.assert_array_equal(other.predict_proba(TEXTS), expected)
    one.save(tmp_path / "m")
    np.testing.assert_array_equal(bothways.load(tmp_path / "m").predict_proba(TEXTS), expected)


def test_a_pickled_one_goes_on_as_the_one_it_was_made_of():
    classifier = TextClassifier(preset=SMALL).partial_fit(*parts()[0], classes=["neg", "pos"])
    copy = pickle.loads(pickle.dumps(classifier))
    both = [one.partial_fit(*parts()[1]).predict_proba(TEXTS) for one in (classifier, copy)]
    np.testing.assert_array_equal(*both)


def test_a_part_may_lack_a_label():
    classifier = TextClassifier(preset=SMALL)
    classifier.partial_fit(["good film"] * 4, ["pos"] * 4, classes=["neg", "pos", "so-so"])
    classifier.partial_fit(["bad film"] * 4, ["neg"] * 4)
    assert classifier.classes_.tolist() == ["neg", "pos", "so-so"]
    assert classifier.predict_proba(["good"]).shape == (1, 3)


def test_it_goes_on_from_fit_and_fit_forgets():
    classifier = TextClassifier(preset=replace(SMALL, epochs=6), calibrate=True, validation=100)
    before = classifier.fit(TEXTS, LABELS).predict_proba(TEXTS)
    assert classifier.model_.spec.temperature != 1
    quiet = TextClassifier(preset=replace(SMALL, learning_rate=1e-12, epochs=6), validation=100)
    quiet.fitted_, quiet.classes_, quiet.model_ = (
        getattr(classifier, name) for name in ("fitted_", "classes_", "model_")
    )
    after = quiet.partial_fit(TEXTS, LABELS)
    np.testing.assert_allclose(after.predict_proba(TEXTS), before, atol=1e-5)
    assert len(classifier.partial_fit(*parts()[0]).history_) == 1
    again = classifier.fit(TEXTS, LABELS).predict_proba(TEXTS)
    np.testing.assert_array_equal(again, before)


def test_several_labels_a_text():
    sets = [[label, "film"] if "film" in text else [label] for text, label in PAIRS]
    classifier = TextClassifier(preset=SMALL)
    for n in range(0, 240, 40):
        some = slice(n, n + 40)
        classifier.partial_fit(TEXTS[some], sets[some], classes=["film", "neg", "pos"])
    assert classifier.predict(TEXTS).shape == (240, 3)
    assert classifier.model_.spec.training["labels"]["film"] == sum("film" in t for t in TEXTS)


def test_a_weight_of_zero_is_a_text_that_was_not_there():
    texts = ["good", "bad"] * 20
    weights = np.tile([1.0, 0.0], 20)
    classifier = TextClassifier(preset=replace(SMALL, dropout=0.0))
    for _ in range(8):
        classifier.partial_fit(texts, ["pos", "neg"] * 20, ["neg", "pos"], sample_weight=weights)
    assert (classifier.predict(texts) == "pos").all()


@pytest.mark.parametrize(
    "options, y, classes, error, sentence",
    [
        ({}, ["a", "b"], None, ArgumentError, "the first part needs classes: all labels"),
        ({}, ["a", "c"], ["a", "b"], DataError, "this part has the label 'c'"),
        ({}, ["a", "a"], ["a"], DataError, "needs two or more labels"),
        ({"class_weight": "balanced"}, ["a", "b"], ["a", "b"], ArgumentError, "'balanced' needs"),
        ({"device": "cuda"}, ["a", "b"], ["a", "b"], ArgumentError, "on the CPU, got 'cuda'"),
    ],
)
def test_refusals(options, y, classes, error, sentence):
    with pytest.raises(error, match=sentence):
        TextClassifier(preset=SMALL, **options).partial_fit(["x", "y"], y, classes)


def test_classes_stay():
    classifier = TextClassifier(preset=SMALL).partial_fit(["x", "y"], [0, 1], classes=[0, 1])
    with pytest.raises(DataError, match="cannot become"):
        classifier.partial_fit(["x"], [2], classes=[0, 1, 2])
    with pytest.raises(DataError, match="this part has the label '2'"):
        classifier.partial_fit(["x"], [2])
