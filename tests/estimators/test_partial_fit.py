"""Texts that come in parts."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
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


def test_the_columns_of_a_matrix_are_the_classes_as_given():
    texts = ["good film", "bad book"] * 20
    matrix = np.array([[1, 0], [0, 1]] * 20)
    classifier = TextClassifier(preset=SMALL)
    for _ in range(8):
        classifier.partial_fit(texts, matrix, classes=["pos", "neg"])
    assert classifier.model_.predict(["good film", "bad book"]) == [["pos"], ["neg"]]
    with pytest.raises(DataError, match="the columns of a matrix are the classes"):
        classifier.partial_fit(texts, matrix, classes=["neg", "pos"])


def test_classes_in_the_order_of_a_table_stay_so():
    table = pd.DataFrame({"pos": [1, 0] * 60, "neg": [0, 1] * 60})
    classifier = TextClassifier(preset=replace(SMALL, epochs=1), validation=None)
    classifier.fit(TEXTS[:120], table)
    classifier.partial_fit(TEXTS[:120], table, classes=["pos", "neg"])
    assert classifier.classes_.tolist() == ["pos", "neg"]


def test_the_columns_of_a_later_table_are_found_by_their_names():
    texts = ["good film", "bad book"] * 20
    table = pd.DataFrame({"pos": [1, 0] * 20, "neg": [0, 1] * 20})
    classifier = TextClassifier(preset=SMALL)
    for part in (table, table[["neg", "pos"]]) * 4:
        classifier.partial_fit(texts, part, classes=["pos", "neg"])
    assert classifier.model_.predict(["good film", "bad book"]) == [["pos"], ["neg"]]


def test_a_model_to_start_from_may_have_more_labels_and_stays_known(tmp_path):
    first = TextClassifier(preset=replace(SMALL, epochs=1), validation=None)
    first.fit(["x", "y", "z"] * 4, ["mid", "neg", "pos"] * 4).save(tmp_path / "m")
    classifier = TextClassifier(start_from=tmp_path / "m")
    for texts, labels in parts()[:2]:
        classifier.partial_fit(texts, labels, classes=["neg", "pos"])
    assert classifier.classes_.tolist() == ["mid", "neg", "pos"]
    assert classifier.model_.spec.training["started_from"]["source"] == str(tmp_path / "m")


def test_what_fails_in_the_middle_is_not_gone_on_with():
    classifier = TextClassifier(preset=SMALL)
    classifier.partial_fit(*parts()[0], classes=["neg", "pos"])
    classifier._unending.rate = 1e38
    with np.errstate(all="ignore"), pytest.raises(ArgumentError, match="the loss became"):
        for _ in range(5):
            classifier.partial_fit(*parts()[1])
    assert np.isfinite(classifier.partial_fit(*parts()[2]).predict_proba(TEXTS)).all()


def test_classes_without_an_order():
    with pytest.raises(DataError, match="the classes are of several types that have no order"):
        TextClassifier(preset=SMALL).partial_fit(["x", "y"], ["a", "b"], classes=["a", None])
