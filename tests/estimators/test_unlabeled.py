"""Texts without labels: what is learned from them, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from bothways import TextClassifier
from bothways.errors import ArgumentError, DataError
from bothways.training import preset

TEXTS = ["a good film", "a bad film", "good", "bad"] * 8
LABELS = ["+", "-"] * 16
# `fine` and `poor` stand where `good` and `bad` do, each in its company.
MORE = [
    "a good film lovely plot",
    "a fine film lovely plot",
    "a bad film awful mess",
    "a poor film awful mess",
] * 50


def fitted(unlabeled=None, **options):
    recipe = replace(preset("fast"), batch_size=4, epochs=20)
    options = {"preset": recipe, "validation": None, **options}
    return TextClassifier(**options).fit(TEXTS, LABELS, unlabeled=unlabeled)


def test_words_of_unlabelled_texts_are_known_and_judged_by_their_company():
    alone, both = fitted(epochs=15), fitted(MORE, epochs=15)
    assert not {"fine", "poor"} & set(alone.model_.vectorizer.get_vocabulary())
    assert {"fine", "poor"} < set(both.model_.vectorizer.get_vocabulary())
    fine, poor = both.predict_proba(["fine fine fine", "poor poor poor"])[:, 0]
    assert fine > poor + 0.1
    assert both.model_.spec.training["unlabeled_texts"] == 200
    assert "unlabeled_texts" not in alone.model_.spec.training


def test_no_text_and_none_are_the_same():
    a, b = fitted(epochs=2), fitted([], epochs=2)
    np.testing.assert_array_equal(a.predict_proba(TEXTS), b.predict_proba(TEXTS))


@pytest.mark.parametrize(
    "unlabeled, options, error, message",
    [
        ("text", {}, DataError, "expected a list of unlabelled texts, got str"),
        (MORE, {"preset": "classic"}, ArgumentError, "got the preset 'classic' with word_vectors"),
        (MORE, {"vectors": "words.vec"}, ArgumentError, "from a file or from unlabelled texts"),
        (["good", 3], {}, DataError, "text 1 is 3|3"),
    ],
)
def test_refusals(unlabeled, options, error, message):
    with pytest.raises(error, match=message):
        fitted(unlabeled, **options)


def test_the_presets_that_learn_from_them():
    assert [
        name for name in ("classic", "fast", "accurate") if preset(name).word_vectors == "learned"
    ] == ["fast", "accurate"]
