"""What is said of a beginning is what is predicted of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import bothways
from bothways import Ragged
from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.runtime import Network, _prefixes, prefix_probabilities
from bothways.training import initial_tensors

TEXT = "The film, oddly:  NOT bad - a good book!"


@pytest.mark.parametrize("tokens", [1 << 20, 7])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_every_beginning_is_predicted_to_the_bit(rng, pooling, tokens, monkeypatch):
    monkeypatch.setattr(_prefixes, "_TOKENS", tokens)  # small parts join without a seam
    spec = NetworkSpec(5, 7, True, "sum", pooling, 3, layers=2)
    network = Network(spec, initial_tensors(spec, 30, rng))
    ids = rng.integers(0, 30, 20).astype(np.int32)
    lengths = [0, 1, 3, 2, 20, 20]
    found = prefix_probabilities(network, ids, lengths)
    each = network.probabilities(Ragged.from_list([ids[:n] for n in lengths]))
    np.testing.assert_array_equal(found, each)
    filled = prefix_probabilities(network, ids, lengths, fill=25)
    each = network.probabilities(Ragged.from_list([ids[:n] for n in lengths]).fill(25))
    np.testing.assert_array_equal(filled, each)


def test_of_a_text(tiny_model):
    model = bothways.load(tiny_model)
    found = model.prefixes(TEXT)
    assert found.tokens == ("the", "film", "oddly", "not", "bad", "a", "good", "book")
    assert found.probabilities.shape == (9, 2)
    beginnings = [" ".join(found.tokens[:n]) for n in range(9)]
    np.testing.assert_array_equal(found.probabilities, model.predict_proba(beginnings))
    assert model.prefixes("").probabilities.shape == (1, 2)


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
