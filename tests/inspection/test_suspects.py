"""Suspicious labels: the rule by hand, and wrong labels that were planted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.data import Dataset, split
from bothways.errors import DataError
from bothways.estimators import TextClassifier
from bothways.inspection import inspect
from bothways.inspection._suspects import confident, out_of_fold
from bothways.inspection._tokens import keys, token_ids
from bothways.training import History, preset
from conftest import tiny_corpus


def test_the_rule_of_confident_learning_by_hand():
    """Thresholds: label 0 (0.9 + 0.4 + 0.2) / 3 = 0.5, label 1 (0.8 + 0.6) / 2 = 0.7."""
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.2, 0.8], [0.4, 0.6]])
    assert confident(probabilities, np.array([0, 0, 0, 1, 1])).tolist() == [0, -1, 1, 1, -1]


def test_a_label_that_no_text_has_is_nowhere_confident():
    probabilities = np.array([[0.1, 0.1, 0.8], [0.1, 0.6, 0.3]])
    assert confident(probabilities, np.array([0, 1])).tolist() == [0, 1]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_a_renaming_of_the_labels_changes_nothing(given_labels, seed):
    rng = np.random.default_rng(seed)
    labels, order = np.array(given_labels), rng.permutation(3)
    probabilities = rng.dirichlet(np.ones(3), len(labels))
    renamed = confident(probabilities[:, np.argsort(order)], order[labels])
    plain = confident(probabilities, labels)
    assert renamed.tolist() == np.where(plain < 0, -1, order[plain]).tolist()


def test_a_model_disagrees_with_wrong_labels_of_texts_it_has_not_seen(tiny_classifier):
    texts, labels = tiny_corpus(40, seed=7)
    labels[3], labels[8] = ("neg" if labels[n] == "pos" else "pos" for n in (3, 8))
    rows = Dataset([*texts, "good"], [*labels, "unknown"], "a.csv")
    found = inspect(rows, model=tiny_classifier.model_, model_name="tiny").suspects
    assert (found.basis, found.judged, found.seen) == ("tiny", 40, 0)
    assert {suspect.place for suspect in found.examples} == {"a.csv, row 4", "a.csv, row 9"}
    assert found.count == found.count_unseen == 2
    assert found.unjudged == {"the model does not know their label": 1}
    for suspect in found.examples:
        assert {suspect.label, suspect.suggested} == {"neg", "pos"}
        row = tiny_classifier.model_.predict_proba([suspect.text])[0].tolist()
        by_label = dict(zip(tiny_classifier.model_.labels, row, strict=True))
        assert suspect.probability == by_label[suspect.label] < 0.5
        assert suspect.suggested_probability == by_label[suspect.suggested]


def test_what_a_model_has_seen_is_told_apart(tiny_classifier):
    texts, labels = tiny_corpus()
    rows = Dataset(texts, labels, "a.csv")
    found = inspect(rows, model=tiny_classifier.model_).suspects
    held_out = split(labels, 0.25, 0)[1]
    assert (found.judged, found.seen) == (60, 60 - len(held_out))
    assert found.count_unseen <= found.count


def test_a_model_of_other_labels(tiny_classifier):
    rows = Dataset(["good"], ["spam"], "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: has none of the labels of the model: 'neg'"):
        inspect(rows, model=tiny_classifier.model_)


def test_cross_validation_finds_wrong_labels_and_judges_each_text_once():
    plain = [(f"{word} {filler}", word) for word in ("good", "bad") for filler in fillers(60)]
    texts, labels = [text for text, _ in plain], [label for _, label in plain]
    labels[5], labels[70] = "bad", "good"
    rows = Dataset([*texts, texts[0], "", "rare one"], [*labels, "bad", "bad", "rare"], "a.csv")
    recipe = replace(
        preset("classic"), embedding_dim=8, hidden_size=6, epochs=12, learning_rate=2e-2
    )
    found = out_of_fold(rows, keys(token_ids(rows.texts, threads=1)[0]), 10, recipe=recipe)
    assert (found.judged, found.seen) == (120, 0)
    assert {"a.csv, row 6", "a.csv, row 71"} == {suspect.place for suspect in found.examples}
    assert found.unjudged == {
        "they repeat a text or are empty": 2,
        "their label has fewer than 3 different texts": 1,
    }


def fillers(count):
    rng = np.random.default_rng(3)
    return [" ".join([*rng.choice(list("abcdefgh"), 5), f"n{n}"]) for n in range(count)]


def test_cross_validation_needs_two_labels():
    with pytest.raises(DataError, match=r"two labels with 3 different texts each .*, got 1"):
        inspect(Dataset(["a", "b", "c", "d"], ["x", "x", "x", "y"], "a.csv"), suspicious=True)


def test_an_interrupt_ends_the_cross_validation(monkeypatch):
    """`fit` keeps what it has when it is interrupted; here the next fold must not begin."""
    fits = []

    def interrupted(self, *_):
        fits.append(self)
        self.history_ = History(interrupted=True)

    monkeypatch.setattr(TextClassifier, "fit", interrupted)
    rows = Dataset(list("abcdef"), ["x", "x", "x", "y", "y", "y"], "a.csv")
    with pytest.raises(KeyboardInterrupt):
        inspect(rows, suspicious=True)
    assert len(fits) == 1


def test_a_model_that_gives_several_labels():
    network = SimpleNamespace(multilabel=True)
    model = SimpleNamespace(spec=SimpleNamespace(network=network), labels=["x"])
    with pytest.raises(DataError, match="tagger gives a text several labels"):
        inspect(Dataset(["a"], ["x"], "a.csv"), model=model, model_name="tagger")
