"""TextClassifier as its users use it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import bothways
from bothways import TextClassifier, kernels
from bothways.errors import ArgumentError, ArtifactError, DataError
from bothways.kernels import _isa
from bothways.training import PRESETS, preset
from conftest import tiny_corpus
from corpus.shards import write_shards

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=12, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus()


def small(**options):
    return TextClassifier(**{"preset": SMALL, "validation": None, **options})


def test_params_and_clone():
    classifier = TextClassifier(preset="classic", epochs=3, random_state=7)
    assert clone(classifier).get_params() == classifier.get_params()
    assert classifier.set_params(epochs=4).epochs == 4


def test_fit_learns_and_says_what_it_learned(tiny_classifier):
    assert tiny_classifier.classes_.tolist() == ["neg", "pos"]
    assert tiny_classifier.score(TEXTS, LABELS) > 0.9
    quality = tiny_classifier.model_.spec.quality
    best = tiny_classifier.history_.best
    assert quality["accuracy"] == best.valid_accuracy
    assert quality["held_out_texts"] == 15


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    a, b, c = (small(random_state=s, epochs=2).fit(TEXTS, LABELS) for s in (3, 3, 4))
    np.testing.assert_array_equal(a.predict_proba(TEXTS), b.predict_proba(TEXTS))
    assert (a.predict_proba(TEXTS) != c.predict_proba(TEXTS)).any()


def test_labels_come_back_as_they_were():
    numbers = [{"neg": 0, "pos": 7}[label] for label in LABELS]
    classifier = small().fit(TEXTS, numbers)
    assert set(classifier.predict(TEXTS).tolist()) == {0, 7}
    assert classifier.score(TEXTS, numbers) > 0.9
    truths = [label == "pos" for label in LABELS]
    assert small(epochs=1).fit(TEXTS, truths).predict(TEXTS).dtype == bool


def test_columns_of_every_kind():
    expected = small(epochs=2).fit(TEXTS, LABELS).predict_proba(TEXTS)
    forms = [
        (np.array(TEXTS), np.array(LABELS)),
        (np.array(TEXTS, object)[:, None], np.array(LABELS, object)),
        (pa.array(TEXTS), pa.array(LABELS)),
        (pa.chunked_array([TEXTS[:7], TEXTS[7:]]), LABELS),
        (tuple(TEXTS), tuple(LABELS)),
    ]
    for X, y in forms:
        got = small(epochs=2).fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(got, expected)


def test_pipeline_grid_search_and_cross_validation():
    pipeline = make_pipeline(FunctionTransformer(list), small(epochs=2))
    assert pipeline.fit(TEXTS, LABELS).predict(TEXTS[:3]).shape == (3,)
    search = GridSearchCV(small(), {"epochs": [1, 2]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["epochs"] in (1, 2)
    assert len(cross_val_score(small(epochs=1), TEXTS, LABELS, cv=3)) == 3


def test_pickled_predicts_the_same(tiny_classifier):
    again = pickle.loads(pickle.dumps(tiny_classifier))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), tiny_classifier.predict_proba(TEXTS))


def test_own_validation_part():
    classifier = small().fit(TEXTS[:40], LABELS[:40], valid=(TEXTS[40:], LABELS[40:]))
    assert classifier.model_.spec.quality["held_out_texts"] == 20
    with pytest.raises(DataError, match="label 'odd', which no training text has"):
        small().fit(TEXTS, LABELS, valid=(["x"], ["odd"]))


def test_every_part_of_a_recipe_is_used_and_written(tmp_path):
    """Stacked layers and dropout within a text, trained, saved and read again."""
    recipe = replace(SMALL, layers=2, input_dropout=0.1, layer_dropout=0.1, pooling="mean")
    classifier = small(preset=recipe).fit(TEXTS, LABELS)
    assert classifier.score(TEXTS, LABELS) > 0.9
    network = classifier.model_.spec.network
    assert (network.layers, network.input_dropout, network.layer_dropout) == (2, 0.1, 0.1)
    classifier.save(tmp_path / "model")
    assert "2 LSTM layers" in (tmp_path / "model" / "README.md").read_text()
    again = bothways.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    facts = again.spec.training["recipe"]
    assert (facts["optimizer"], facts["precision"], facts["layers"]) == ("rmsprop", "f32", 2)


def test_words_are_found_by_the_rule_of_the_recipe(tmp_path):
    texts, labels = ["Good,film<br />don't", "bad"] * 10, ["a", "b"] * 10
    shards = str(write_shards(tmp_path / "shards", texts, labels))
    assert {p.standardize for p in PRESETS.values()} == {"lower_and_strip_punctuation"}
    for rule, words in (
        ("lower_and_strip_punctuation", {"goodfilmbr", "dont", "bad"}),
        ("lower_and_split_at_punctuation", {"good", "film", "br", "dont", "bad"}),
        ("lower", {"good,film<br", "/>don't", "bad"}),
    ):
        recipe = replace(SMALL, epochs=1, standardize=rule)
        classifier = TextClassifier(preset=recipe, validation=None)
        whole = classifier.fit(texts, labels).model_.spec.vectorizer
        assert set(whole.vocabulary[2:]) == words
        assert whole.standardize == rule
        classifier.fit_shards(shards, valid="none", cache=str(tmp_path / "cache"))
        assert classifier.model_.spec.vectorizer == whole  # and not another rule's cache


def test_precision_overrides_the_recipe():
    low = replace(SMALL, precision="bf16")
    fitted = small(preset=low, precision="f32", epochs=1).fit(TEXTS, LABELS)
    assert fitted.model_.spec.training["recipe"]["precision"] == "f32"


def test_empty_texts_are_texts():
    texts, labels = ["", "good", "", "bad"] * 4, ["a", "b", "a", "b"] * 4
    assert small(epochs=1).fit(texts, labels).predict_proba(["", ""]).shape == (2, 2)
    assert small(epochs=1).fit([""] * 4, ["a", "b"] * 2).predict([""]).shape == (1,)


def test_save_refuses_to_replace_unless_asked(tiny_classifier, tmp_path):
    folder = tmp_path / "model"
    tiny_classifier.save(folder)
    with pytest.raises(ArtifactError, match="holds a model already"):
        tiny_classifier.save(folder)
    tiny_classifier.save(folder, overwrite=True)
    assert bothways.load(folder).labels == ["neg", "pos"]
    card = (folder / "README.md").read_text()
    assert "held-out accuracy" in card and "texts labelled `neg`" in card
    assert (folder / "history.jsonl").read_text().count("\n") == len(tiny_classifier.history_)


@pytest.mark.parametrize(
    "X, y, message",
    [
        (["a", "b"], ["x", "x"], "two or more labels"),
        (["a", "b"], ["x"], "one label for each of 2 texts"),
        ([], [], "there are no texts"),
        ("one text", ["x"], "expected a list of texts, got str"),
        (["a", 5, "c", "d"], ["x", "y", "x", "y"], "text 1 is not a string but int"),
        (["a", "b"], ["x", None], "1 labels are missing, the first at place 1"),
        (["a", "b"], None, "y is None"),
        (np.array([["a", "b"]]), ["x"], "expected one column of texts"),
    ],
)
def test_what_cannot_be_learned_from(X, y, message):
    with pytest.raises(DataError, match=message):
        small().fit(X, y)


def test_checkpoints_give_the_same_model():
    plain, frugal = (small(checkpoint=c).fit(TEXTS, LABELS) for c in (None, 2))
    np.testing.assert_array_equal(plain.predict_proba(TEXTS), frugal.predict_proba(TEXTS))
    assert frugal.model_.spec.training["recipe"]["checkpoint"] == 2


def test_bf16_says_on_its_card_what_it_does(tmp_path, monkeypatch):
    monkeypatch.setattr(_isa, "_emulate_bf16", True)
    fitted = small(precision="bf16").fit(TEXTS, LABELS)
    facts = fitted.model_.spec.training["bf16"]
    assert facts["computed_in"] == "bf16"
    assert 0 < facts["mean_difference"] <= facts["largest_difference"] < 0.02
    fitted.save(tmp_path / "m")
    assert "products of bfloat16" in (tmp_path / "m" / "README.md").read_text()
    rounded = bothways.load(tmp_path / "m", precision="bf16").predict_proba(TEXTS)
    difference = np.abs(rounded - fitted.predict_proba(TEXTS)).max()
    assert 0 < difference <= 2 * facts["largest_difference"] + 1e-6


def test_bf16_without_instructions_is_f32_and_says_so(isa, tmp_path):
    if kernels.precision_used("bf16") == "bf16":
        pytest.skip("this tier has instructions for bf16")
    low, plain = (small(precision=p).fit(TEXTS, LABELS) for p in ("bf16", "f32"))
    np.testing.assert_array_equal(low.predict_proba(TEXTS), plain.predict_proba(TEXTS))
    low.save(tmp_path / "m")
    assert f"the tier {isa} has no instructions" in (tmp_path / "m" / "README.md").read_text()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"preset": "slow"}, "no preset 'slow': choose from classic, fast"),
        ({"preset": 5}, "must be a name or a Preset"),
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"device": "tpu"}, "device must be 'cpu' or 'cuda'"),
        ({"precision": "f16"}, "precision must be 'f32' or 'bf16', got 'f16'"),
        ({"checkpoint": 0}, "checkpoint must be a whole number from 1"),
        ({"preset": replace(SMALL, optimizer="sgd")}, "optimizer must be .*, got 'sgd'"),
        ({"preset": replace(SMALL, weight_decay=0.1)}, "weight_decay is for the optimizer 'adamw'"),
        ({"validation": 2.5}, "expected a float between 0 and 1 or a count"),
        ({"validation": 59}, "cannot be set aside"),
    ],
)
def test_wrong_parameters_are_found_in_fit(options, message):
    with pytest.raises(ArgumentError, match=message):
        small(**options).fit(TEXTS, LABELS)


def test_predict_before_fit():
    with pytest.raises(NotFittedError):
        TextClassifier().predict(["x"])
