"""Training that goes on from a model, with new words and labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import TextClassifier, artifact
from bothways.errors import ArgumentError, ArtifactError, DataError
from bothways.training import preset
from conftest import WORDS, tiny_corpus

RECIPE = replace(
    preset("fast"),
    embedding_dim=8,
    hidden_size=4,
    epochs=6,
    least_steps=0,
    batch_size=8,
    learning_rate=2e-2,
)
# Too small a rate to move a weight: what was put in place is what comes out.
STILL = replace(RECIPE, learning_rate=1e-30, epochs=1)
TEXTS = ["good film", "a bad book", "the very good", ""]


def saved(path, labels=("neg", "pos"), recipe=RECIPE, seed=0):
    texts, found = tiny_corpus(80, seed)
    names = dict(zip(("neg", "pos"), labels, strict=True))
    classifier = TextClassifier(preset=recipe, validation=None)
    classifier.fit(texts, [names[x] for x in found]).save(path)
    return path


def more(labels, word="new", rows=30):
    rng = np.random.default_rng(5)
    texts, found = [], []
    for n in range(rows):
        label = labels[n % len(labels)]
        texts.append(f"{word} {rng.choice(WORDS[4:])} x{n % len(labels)}")
        found.append(label)
    return texts, found


def go_on(path, texts, labels, preset=STILL, **options):
    options = {"validation": None} | options
    return TextClassifier(start_from=path, preset=preset, **options).fit(texts, labels)


def test_the_same_labels_keep_their_probabilities(tmp_path):
    path = saved(tmp_path / "m")
    again = go_on(path, *more(["neg", "pos"]))
    np.testing.assert_array_equal(
        again.predict_proba(TEXTS), bothways.load(path).predict_proba(TEXTS)
    )
    facts = again.model_.spec.training["started_from"]
    assert facts["new_words"] == 3 and facts["new_labels"] == []  # new, x0, x1
    old, new = (m.spec.vectorizer.vocabulary for m in (bothways.load(path), again.model_))
    assert new[: len(old)] == old and set(new[len(old) :]) == {"new", "x0", "x1"}


def test_words_are_found_by_the_rule_of_the_model(tmp_path):
    """A recipe from before it named the rule has that of its model; another rule is refused."""
    path = saved(tmp_path / "m", recipe=replace(RECIPE, standardize="lower"))
    spec, tensors = artifact.load(path)
    recipe = {k: v for k, v in spec.training["recipe"].items() if k != "standardize"}
    spec = replace(spec, training=spec.training | {"recipe": recipe | {"learning_rate": 1e-30}})
    artifact.save(tmp_path / "old", spec, tensors, "A card.")
    again = go_on(tmp_path / "old", *more(["neg", "pos"], word="new,"), preset=None, epochs=1)
    assert again.model_.spec.vectorizer.standardize == "lower"
    assert again.model_.spec.training["recipe"]["standardize"] == "lower"
    assert "new," in again.model_.spec.vectorizer.vocabulary
    with pytest.raises(
        ArgumentError,
        match="the model has standardize 'lower', and the preset 'fast' has "
        "'lower_and_strip_punctuation'; they must be the same",
    ):
        go_on(path, *more(["neg", "pos"]))


@pytest.mark.parametrize("label", ["maybe", "zero", "an"])
def test_a_third_label_leaves_the_odds_of_the_two(tmp_path, label):
    path = saved(tmp_path / "m")
    again = go_on(path, *more([label, "pos"]))
    assert list(again.classes_) == sorted(["neg", "pos", label])
    assert again.model_.spec.training["started_from"]["new_labels"] == [label]
    assert again.model_.spec.training["started_from"]["labels_without_texts"] == ["neg"]
    before = bothways.load(path).predict_proba(TEXTS).astype(np.float64)
    now = again.predict_proba(TEXTS)[:, [list(again.classes_).index(x) for x in ("neg", "pos")]]
    now = now.astype(np.float64)
    np.testing.assert_allclose(now[:, 1] / now[:, 0], before[:, 1] / before[:, 0], rtol=1e-5)


def test_the_temperature_of_a_calibrated_model_is_in_its_scores(tmp_path):
    texts, labels = tiny_corpus(80)
    first = TextClassifier(preset=RECIPE, validation=None).fit(texts, labels)
    spec = replace(first.model_.spec, temperature=3.0)
    artifact.save(tmp_path / "m", spec, first.fitted_.tensors, "A card.")
    again = go_on(tmp_path / "m", *more(["neg", "pos"]))
    expected = bothways.load(tmp_path / "m").predict_proba(TEXTS)
    np.testing.assert_allclose(again.predict_proba(TEXTS), expected, rtol=1e-5)


def test_it_learns_the_new_and_keeps_the_old(tmp_path):
    path = saved(tmp_path / "m")
    texts, labels = tiny_corpus(60, 1)
    new_texts, new_labels = more(["maybe"], rows=30)
    again = go_on(path, texts + new_texts, labels + new_labels, preset=None)
    assert again.model_.spec.training["recipe"]["epochs"] == 6  # the model's own recipe
    assert again.score(*tiny_corpus(60, 2)) > 0.9
    assert again.score(new_texts, new_labels) == 1.0


def test_labels_that_are_numbers(tmp_path):
    path = saved(tmp_path / "m", labels=("1", "3"))
    again = go_on(path, *more([2, 3]))
    assert again.classes_.tolist() == [1, 2, 3] and again.classes_.dtype.kind == "i"
    with pytest.raises(DataError, match="the model has the label 'neg', and those of the data are"):
        go_on(saved(tmp_path / "n"), *more([2, 3]))


def test_three_labels_and_words_beyond_the_room(tmp_path):
    recipe = replace(RECIPE, max_tokens=12)
    path = tmp_path / "m"
    TextClassifier(preset=recipe, validation=None).fit(*more(["a", "b", "c"])).save(path)
    again = go_on(path, *more(["c", "b"], "other"), preset=replace(STILL, max_tokens=13))
    assert again.model_.spec.training["started_from"]["new_words"] == 1
    np.testing.assert_array_equal(
        again.predict_proba(TEXTS), bothways.load(path).predict_proba(TEXTS)
    )


def test_several_labels_a_text(tmp_path):
    texts = ["good film", "bad", "good bad", "film"] * 8
    labels = [["g", "f"], ["b"], ["g", "b"], ["f"]] * 8
    path = tmp_path / "m"
    TextClassifier(preset=RECIPE, validation=None).fit(texts, labels).save(path)
    again = go_on(path, ["new good", "new"] * 8, [["n", "g"], ["n"]] * 8)
    assert list(again.classes_) == ["b", "f", "g", "n"]
    np.testing.assert_array_equal(
        again.predict_proba(TEXTS)[:, :3], bothways.load(path).predict_proba(TEXTS)
    )
    with pytest.raises(ArgumentError, match="several labels, and the data has one label a text"):
        go_on(path, *more(["g", "b"]))


def test_what_does_not_fit_is_refused(tmp_path):
    path = saved(tmp_path / "m")
    with pytest.raises(ArgumentError, match="the model has hidden_size 4, and the preset 'fast'"):
        go_on(path, *more(["neg", "pos"]), preset=replace(STILL, hidden_size=5))
    with pytest.raises(ArtifactError, match="there is no such model folder"):
        go_on(tmp_path / "none", *more(["neg", "pos"]))
    with pytest.raises(ArgumentError, match="give vectors or start_from"):
        go_on(path, *more(["neg", "pos"]), vectors="v.vec")
