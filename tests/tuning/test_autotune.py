"""autotune on texts: a fitted classifier, its folder, its size."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways.errors import ArgumentError, DataError
from bothways.training import parse_preset, preset
from bothways.tuning import Choice, Span, first_recipe
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=4, hidden_size=3, epochs=2, learning_rate=1e-3)
SPACE = {
    "max_tokens": Span(4, 100, log=True),
    "embedding_dim": Span(2, 8, unit=2),
    "hidden_size": Span(2, 8, unit=1),
    "pooling": Choice(("max", "last")),
    "learning_rate": Span(1e-3, 0.1, log=True),
    "batch_size": Span(4, 16, unit=4),
}


def tune(corpus=None, estimator=None, **more):
    texts, labels = corpus or tiny_corpus(80)
    estimator = estimator or bothways.TextClassifier(preset=SMALL, threads=1)
    options = {"seconds": 60, "trials": 8, "space": SPACE, **more}
    return bothways.autotune(texts, labels, classifier=estimator, **options)


def test_the_best_of_the_trials_comes_back_fitted_and_can_be_made_again(tmp_path):
    told = []
    best = tune(tiny_corpus(200), report=told.append)
    assert best.trials_ == told and len(told) == 8
    kept = [trial for trial in told if trial.best][-1]
    assert kept.accuracy > told[0].accuracy
    assert best.model_.spec.quality["accuracy"] == kept.accuracy
    assert best.preset == replace(SMALL, name="classic-tuned", **kept.changes)
    assert set(best.predict(["good film"])) == {"pos"}

    best.save(tmp_path / "m")
    again = bothways.TextClassifier(preset=str(tmp_path / "m" / "preset.json"), threads=2)
    again.fit(*tiny_corpus(200))
    texts = tiny_corpus(20, 1)[0]
    np.testing.assert_array_equal(again.predict_proba(texts), best.predict_proba(texts))


def test_the_folder_tells_of_the_search(tmp_path):
    best = tune(seconds="1m", max_size="1MB")
    best.save(tmp_path / "m")
    model = bothways.load(tmp_path / "m")
    facts = model.spec.training["autotune"]
    assert facts["trials"] == 8 and facts["budget_seconds"] == 60 and facts["max_size"] == 10**6
    assert facts["first_accuracy"] == best.trials_[0].accuracy
    assert facts["changes"] == best.trials_[facts["best_trial"] - 1].changes
    rows = [json.loads(r) for r in (tmp_path / "m" / "trials.jsonl").read_text().splitlines()]
    assert [row["number"] for row in rows] == list(range(1, 9))
    assert rows[2]["accuracy"] == best.trials_[2].accuracy
    assert parse_preset((tmp_path / "m" / "preset.json").read_bytes()) == best.preset
    assert "the best of 8 trials" in (tmp_path / "m" / "README.md").read_text()


def sized(corpus, estimator, folder):
    best = tune(corpus, estimator, trials=1)
    best.save(folder)
    return best.trials_[0].bytes, sum(entry.stat().st_size for entry in os.scandir(folder))


def test_the_size_is_foretold(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"wörd{n}\u201c" for n in range(3000)]
    texts = [" ".join(rng.choice(words, 60)) for _ in range(200)]
    labels = [f"label {n % 5} \u00e9" for n in range(200)]
    recipe = replace(SMALL, layers=2, epochs=1, max_tokens=None)
    several = bothways.TextClassifier(preset=recipe, threads=1)
    for name, corpus, estimator in (
        ("a", None, None),
        ("b", (texts, labels), several),
        ("c", (texts, labels), several.set_params(preset=replace(recipe, max_tokens=700))),
    ):
        foretold, size = sized(corpus, estimator, tmp_path / name)
        # What is not used of the bytes for the story is all that they differ by.
        assert size <= foretold < size + 40_000, name


def test_overriding_parameters_are_not_searched():
    estimator = bothways.TextClassifier(preset=SMALL, epochs=1, threads=1)
    best = tune(estimator=estimator, trials=3, space={**SPACE, "epochs": Span(1, 9)})
    assert [trial.epochs for trial in best.trials_] == [1, 1, 1]
    assert best.epochs == 1 and best.preset.epochs == 1


def test_a_validation_part_of_ones_own():
    best = tune(trials=2, valid=tiny_corpus(30, 5))
    assert best.model_.spec.quality["held_out_texts"] == 30
    estimator = bothways.TextClassifier(preset=SMALL, validation=None)
    assert tune(estimator=estimator, trials=1, valid=tiny_corpus(30, 5)).trials_[0].best
    with pytest.raises(ArgumentError, match="by a validation part, and none is held out"):
        tune(estimator=estimator)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"seconds": "soon"}, "got the time 'soon', expected"),
        ({"seconds": -1}, "got the time -1, expected"),
        ({"max_size": "big"}, "got the size 'big', expected"),
        ({"max_size": 1000}, "1,000 bytes are too few for a model: the smallest"),
        ({"trials": 0}, "trials must be a whole number from 1, got 0"),
        ({"seconds": 0.001}, "0.001 seconds are too few to search in"),
    ],
)
def test_limits_that_cannot_be(options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        tune(**options)


def test_data_that_cannot_be():
    for texts, labels in (([], []), (["a"] * 9, None), (["a"] * 9, ["x"] * 9), (["a"], ["x", "y"])):
        with pytest.raises(DataError):
            tune((texts, labels))


def test_word_vectors_decide_the_width(tmp_path):
    path = tmp_path / "words.vec"
    path.write_text("3 3\ngood 1 0 0\nbad 0 1 0\nfilm 0 0 1\n")
    estimator = bothways.TextClassifier(preset=SMALL, vectors=path, threads=1)
    space = {name: values for name, values in SPACE.items() if name != "max_tokens"}
    best = tune(estimator=estimator, trials=4, space=space)
    assert best.model_.spec.network.embedding_dim == 3
    assert not any("embedding_dim" in trial.changes for trial in best.trials_)


def test_several_labels_a_text_and_weights():
    texts, labels = tiny_corpus(80)
    sets = [[label, "short"] if len(t.split()) < 5 else [label]
            for t, label in zip(texts, labels, strict=True)]  # fmt: skip
    columns = np.array([["neg" in row, "pos" in row, "short" in row] for row in sets]).astype(int)
    for targets in (sets, columns):
        best = tune((texts, targets), trials=2)
        assert best.model_.spec.network.outputs == 3
        assert best.model_.spec.quality["micro_f1"] == max(t.accuracy for t in best.trials_)
    estimator = bothways.TextClassifier(preset=SMALL, class_weight="balanced", threads=1)
    best = tune(estimator=estimator, trials=2, sample_weight=np.ones(80))
    assert best.class_weight == "balanced"


def test_the_first_trial_is_what_a_plain_training_is():
    """With few texts that makes more passes than the recipe says."""
    recipe = replace(SMALL, epochs=2, least_steps=40, batch_size=8, schedule="one-cycle")
    corpus = tiny_corpus(80)
    estimator = bothways.TextClassifier(preset=recipe, threads=1)
    best = tune(corpus, estimator, trials=1)
    plain = bothways.TextClassifier(preset=recipe, threads=1).fit(*corpus)
    assert len(plain.history_) > 2
    assert [row.train_loss for row in best.history_] == [row.train_loss for row in plain.history_]
    assert best.trials_[0].changes == {}
    assert first_recipe(estimator, corpus[0]).epochs == 5  # 64 texts, 8 steps a pass
    assert first_recipe(estimator, corpus[0], valid=corpus).epochs == 4
