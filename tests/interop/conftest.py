"""Models that stock Keras made, with what it answers."""

from __future__ import annotations

import numpy as np
import pytest
from stock_keras import run_keras

from bothways import TextVectorizer
from conftest import SHARED

# As in `keras_program.py`, which this process cannot import.
WORDS, LENGTH = 58, 20


@pytest.fixture(scope="session")
def read_texts():
    """1,000 texts, real ones where they are there: an empty one, unknown words, long ones."""
    if SHARED.is_dir():
        from bothways import read

        texts = read(SHARED / "trec_train.parquet").texts[:998]
    else:
        rng = np.random.default_rng(8)
        texts = [
            " ".join(f"w{k}" for k in rng.zipf(1.3, rng.integers(1, 25)) if k < 200)
            for _ in range(998)
        ]
    return ["", *texts, " ".join(texts[:9])]


@pytest.fixture(scope="session")
def vocabulary(read_texts):
    """The tokens of the ids, without padding and unknown."""
    vectorizer = TextVectorizer(WORDS + 2).adapt(read_texts)
    assert vectorizer.vocabulary_size == WORDS + 2
    return vectorizer.get_vocabulary()[2:]


@pytest.fixture(scope="session")
def padded(read_texts, vocabulary):
    """The ids of the texts, cut at and filled up to `LENGTH`."""
    vectorizer = TextVectorizer(output_sequence_length=LENGTH, vocabulary=vocabulary)
    return vectorizer.encode(read_texts).ids.to_padded(LENGTH)[0]


@pytest.fixture(scope="session")
def keras_models(tmp_path_factory, vocabulary, padded):
    """The folder with what `keras_program.py build` writes, and the vocabulary."""
    folder = tmp_path_factory.mktemp("keras")
    np.save(folder / "ids.npy", padded)
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    run_keras("build", folder)
    return folder
