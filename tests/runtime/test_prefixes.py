"""What is said of a beginning is what is predicted of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import Ragged, artifact
from bothways.errors import ArgumentError
from bothways.runtime import Model, _prefixes, prefix_probabilities

TEXT = "The film, oddly:  NOT bad - a good book!"


@pytest.mark.parametrize("tokens", [1 << 20, 7])
@pytest.mark.parametrize("truncate", ["head", "tail", "middle"])
@pytest.mark.parametrize("mask", [True, False])
def test_every_beginning_is_predicted_to_the_bit(tiny_model, tokens, truncate, mask, monkeypatch):
    """Small parts join without a seam; each beginning is cut as the model cuts it."""
    monkeypatch.setattr(_prefixes, "_TOKENS", tokens)
    spec, tensors = artifact.load(tiny_model)
    spec = replace(
        spec,
        network=replace(spec.network, mask=mask),
        vectorizer=replace(spec.vectorizer, output_sequence_length=5, truncate=truncate),
    )
    model = Model(spec, tensors)
    words = ["a", "good", "film", "and", "not", "a", "bad", "book"]
    lengths = [0, 1, 3, 2, 8, 8, 6]
    found = prefix_probabilities(model, model.vectorizer.encode_whole([" ".join(words)]).values,
                                 lengths)  # fmt: skip
    each = model.predict_proba([" ".join(words[:n]) for n in lengths])
    np.testing.assert_array_equal(found, each)


def test_of_a_text(tiny_model):
    model = bothways.load(tiny_model)
    found = model.prefixes(TEXT)
    assert found.tokens == ("the", "film", "oddly", "not", "bad", "a", "good", "book")
    assert found.probabilities.shape == (9, 2)
    beginnings = [" ".join(found.tokens[:n]) for n in range(9)]
    np.testing.assert_array_equal(found.probabilities, model.predict_proba(beginnings))
    assert model.prefixes("").probabilities.shape == (1, 2)


def test_fewer_points_are_evenly_spread(tiny_model):
    model = bothways.load(tiny_model)
    every, some = model.prefixes(TEXT), model.prefixes(TEXT, points=5)
    assert every.lengths.tolist() == list(range(9))
    assert some.lengths.tolist() == [0, 2, 4, 6, 8]
    np.testing.assert_array_equal(some.probabilities, every.probabilities[::2])
    assert len(model.prefixes(TEXT, points=99).lengths) == 9
    with pytest.raises(ArgumentError, match="points must be a whole number from 2, got 1"):
        model.prefixes(TEXT, points=1)


def test_a_text_as_long_as_the_padding_has_its_beginnings_padded(tiny_model):
    model = bothways.load(tiny_model)
    found = model.prefixes(TEXT, padded=8).probabilities
    ids, _ = model.encode([TEXT])
    for n in (0, 3, 8):
        expected = model.network.probabilities(Ragged.from_list([ids[0][:n]]).fill(8))
        np.testing.assert_array_equal(found[n], expected[0])


def test_padding_fades(tiny_model):
    model = bothways.load(tiny_model)
    found = model.prefixes(TEXT, padded=300).probabilities
    ids, _ = model.encode([TEXT])
    np.testing.assert_array_equal(found[-1], model.network.probabilities(ids.fill(300))[0])
    assert not np.array_equal(found, model.prefixes(TEXT).probabilities)
    long = "good " * 300
    np.testing.assert_array_equal(
        model.prefixes(long, padded=300).probabilities[-1], model.predict_proba([long])[0]
    )


def test_the_document_is_json(tiny_model):
    found = bothways.load(tiny_model).prefixes(TEXT)
    document = json.loads(json.dumps(found.document()))
    assert len(document["probabilities"]) == 9
    assert document["tokens"][1] == {"token": "film", "start": 4, "stop": 9}


def test_what_is_no_text_is_refused(tiny_model):
    with pytest.raises(ArgumentError, match="expected one text, got NoneType"):
        bothways.load(tiny_model).prefixes(None)
