"""TextClassifier(vectors=): the embedding begins with the file's rows, and says how many."""

from dataclasses import replace

import numpy as np
import pytest

from bothways import TextClassifier
from bothways.errors import ArgumentError, DataError
from bothways.training import preset
from conftest import tiny_corpus

RECIPE = replace(preset("classic"), embedding_dim=8, hidden_size=4, epochs=1)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "tiny.vec").write_text("Good 1 2 3\nbad -1 -2 -3\nfilm! 0.5 4 5\nzebra 9 9 9\n")
    return tmp_path / "tiny.vec"


def test_the_embedding_begins_with_the_vectors_and_is_as_wide(file):
    """With a learning rate of nothing it ends with them too."""
    texts, labels = tiny_corpus()
    frozen = replace(RECIPE, learning_rate=1e-30)
    fitted = TextClassifier(preset=frozen, vectors=file).fit(texts, labels).fitted_
    words = fitted.model.vectorizer.get_vocabulary()
    table = fitted.tensors["embedding.weight"]
    assert table.shape == (len(words), 3) and fitted.model.spec.network.embedding_dim == 3
    rows = np.array([[1, 2, 3], [-1, -2, -3], [0.5, 4, 5]])
    begun = table[[words.index(word) for word in ("good", "bad", "film")]]
    np.testing.assert_allclose(begun, rows * 0.1 / rows.std(), rtol=1e-6)


def test_they_are_trained_and_the_coverage_is_told(file, tmp_path):
    texts, labels = tiny_corpus()
    classifier = TextClassifier(preset=RECIPE, vectors=str(file), validation=None)
    classifier.fit(texts, labels).save(tmp_path / "model")
    words = classifier.model_.vectorizer.get_vocabulary()
    good, bad = (
        classifier.fitted_.tensors["embedding.weight"][words.index(w)] for w in ("good", "bad")
    )
    assert not np.array_equal(good, -bad)
    tokens = " ".join(texts).split()
    share = sum(token in ("good", "bad", "film") for token in tokens) / len(tokens)
    assert classifier.model_.spec.training["vectors"] == {
        "source": str(file),
        "width": 3,
        "width_of_preset": 8,
        "words": 3,
        "of_words": len(words) - 2,
        "composed": 0,
        "token_share": pytest.approx(share),
    }
    assert classifier.model_.spec.training["recipe"]["embedding_dim"] == 3
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"3 of {len(words) - 2} words" in card and f"{share:.1%} of the tokens" in card


def test_what_cannot_be_used(tmp_path):
    texts, labels = tiny_corpus()
    (tmp_path / "other.vec").write_text("zebra 1 2 3\n")
    with pytest.raises(DataError, match="none of its 1 words is among"):
        TextClassifier(preset=RECIPE, vectors=tmp_path / "other.vec").fit(texts, labels)
    with pytest.raises(ArgumentError, match="vectors must be the path of a file, got 5"):
        TextClassifier(preset=RECIPE, vectors=5).fit(texts, labels)
