"""Explanations of texts: tokens, places, labels, padding, and whether they are true."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import Ragged
from bothways.errors import ArgumentError, DataError
from bothways.runtime import Model
from conftest import tiny_corpus

TEXT = "The film, oddly:  NOT bad - a good book!"


@pytest.fixture(scope="module")
def model(tiny_model):
    return bothways.load(tiny_model)


def total(explanation):
    return explanation.base + float(explanation.contributions.sum(dtype=np.float64))


def other_network(model, **changes):
    """The same weights, read in another way."""
    spec = replace(model.spec, network=replace(model.spec.network, **changes))
    changed = Model.__new__(Model)
    vars(changed).update(vars(model), spec=spec)
    changed.network = type(model.network).__new__(type(model.network))
    vars(changed.network).update(vars(model.network), spec=spec.network)
    return changed


def test_tokens_have_their_places(model):
    found = model.explain(TEXT)
    assert found.tokens == ("the", "film", "oddly", "not", "bad", "a", "good", "book")
    assert [TEXT[a:b] for a, b in found.places][:4] == ["The", "film,", "oddly:", "NOT"]
    assert found.known.tolist() == [True, True, False, True, True, True, True, True]


def test_the_score_is_the_models(model):
    for text in (TEXT, "", "unheard", "good " * 700):
        found = model.explain(text)
        ids, _ = model.encode([text])
        assert found.logit == pytest.approx(
            abs(float(model.network.logits(ids)[0, 0])), abs=1e-6
        )  # two labels: that of the answer is above zero
        assert [found.label] == model.predict([text])
        assert found.probability == model.predict_proba([text]).max()
        assert abs(total(found) - found.logit) <= 1e-4
        assert len(found.tokens) == min(600, len(model.vectorizer.tokens(text)))


def test_the_other_label_is_the_opposite(model):
    pos, neg = model.explain(TEXT, "pos"), model.explain(TEXT, "neg")
    assert (pos.logit, pos.base) == (-neg.logit, -neg.base)
    np.testing.assert_array_equal(pos.forward, -neg.forward)
    np.testing.assert_array_equal(pos.backward, -neg.backward)
    assert pos.probability + neg.probability == pytest.approx(1)


def test_a_word_that_decides_contributes_most(model):
    for text, word in (("the film a good book", "good"), ("the film a bad book", "bad")):
        found = model.explain(text)
        assert found.tokens[int(found.contributions.argmax())] == word


def test_an_empty_text_has_its_base_alone(model):
    found = model.explain("...")
    assert found.tokens == () and found.forward.shape == found.backward.shape == (0,)
    assert found.base == found.logit


def test_one_direction_has_nothing_from_the_other(model):
    kernel, bias = model.network.inputs[0]
    H = model.spec.network.hidden_size
    forward = other_network(model, bidirectional=False)
    network = forward.network
    network.inputs = [(kernel[:, : 4 * H], bias[: 4 * H])]
    network.recurrent = [type(network.recurrent[0])(network.recurrent[0].weights[:1])]
    network.projected = np.ascontiguousarray(network.projected[:, : 4 * H])
    network.dense = (network.dense[0][:H], network.dense[1])
    found = forward.explain(TEXT, "pos")
    assert (found.backward == 0).all() and (found.forward != 0).all()
    np.testing.assert_allclose(found.forward, model.explain(TEXT, "pos").forward, rtol=1e-5)


def test_padding_is_read_and_contributes_nothing_of_its_own(model):
    found = model.explain(TEXT, "pos", padded=40)
    assert found.padding == 32 and len(found.tokens) == 8
    ids, _ = model.encode([TEXT])
    logit = float(model.network.logits(ids.fill(40))[0, 0])
    assert found.logit == pytest.approx(logit, abs=1e-6)
    assert abs(total(found) - logit) <= 1e-4
    assert found.base == pytest.approx(model.explain("", "pos", padded=40).logit, abs=1e-5)
    assert model.explain(TEXT, padded=3).padding == 0

    unmasked = other_network(model, mask=False)
    found = unmasked.explain(TEXT)
    assert found.padding == 592
    assert found.probability == unmasked.predict_proba([TEXT]).max()
    assert abs(total(found) - found.logit) <= 1e-4


@pytest.mark.parametrize(
    ("truncate", "kept"),
    [("head", ("the", "film")), ("tail", ("good", "book")), ("middle", ("the", "book"))],
)
def test_what_is_cut_is_not_explained(model, truncate, kept):
    cut = replace(model.spec.vectorizer, output_sequence_length=2, truncate=truncate)
    short = Model(replace(model.spec, vectorizer=cut), tensors_of(model))
    found = short.explain(TEXT)
    assert found.tokens == kept
    assert [TEXT[a:b].strip(",!").lower() for a, b in found.places] == list(kept)
    assert found.probability == short.predict_proba([TEXT]).max()


def tensors_of(model):
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal(shape).astype(np.float32)
        for name, shape in model.spec.tensor_shapes.items()
    }


def test_several_labels_and_softmax(model):
    labels = ("neg", "pos", "new")
    network = replace(model.spec.network, outputs=3)
    softmax = replace(model.spec, labels=labels, network=network)
    one = Model(softmax, tensors_of(Model(softmax, {**tensors_for(softmax)})))
    many_spec = replace(
        softmax, task="multilabel", network=replace(network, multilabel=True), temperature=1.0
    )
    many = Model(many_spec, tensors_for(many_spec))
    for of in (one, many):
        probabilities = of.predict_proba([TEXT])[0]
        assert of.explain(TEXT).label == labels[int(probabilities.argmax())]
        ids, _ = of.encode([TEXT])
        for c, label in enumerate(labels):
            found = of.explain(TEXT, label)
            assert found.probability == probabilities[c]
            assert found.logit == of.network.logits(ids)[0, c]
            assert abs(total(found) - found.logit) <= 1e-4 * (1 + abs(found.contributions).sum())


def tensors_for(spec):
    rng = np.random.default_rng(1)
    return {
        name: rng.standard_normal(shape).astype(np.float32)
        for name, shape in spec.tensor_shapes.items()
    }


def test_the_document_is_json(model):
    found = model.explain(TEXT)
    document = json.loads(json.dumps(found.document()))
    assert document["label"] == found.label and len(document["tokens"]) == 8
    parts = sum(token["forward"] + token["backward"] for token in document["tokens"])
    assert parts + document["base"] == pytest.approx(document["logit"], abs=1e-4)
    assert document["tokens"][1] | {"forward": 0, "backward": 0} == {
        "token": "film", "start": 4, "stop": 9, "known": True, "forward": 0, "backward": 0
    }  # fmt: skip


def test_what_cannot_be_explained_is_said(model):
    with pytest.raises(ArgumentError, match="no label 'good'; its labels are 'neg', 'pos'"):
        model.explain(TEXT, "good")
    with pytest.raises(ArgumentError, match="expected one text, got list"):
        model.explain([TEXT])
    with pytest.raises(ArgumentError, match="padded must be a number of tokens from 0, got -1"):
        model.explain(TEXT, padded=-1)
    with pytest.raises(DataError, match="lone surrogate"):
        model.explain("\ud800")


def test_leaving_out_what_contributes_most_moves_the_score_most(model):
    """Deletion curves (Samek et al. 2017), beside occlusion with as many readings as an
    explanation costs (two, and a way back that is reckoned as two more)."""
    texts = [" ".join(tiny_corpus(8, seed)[0]) for seed in range(30)]
    ours, theirs = [], []
    for text in texts:
        found = model.explain(text, "pos")
        ids = model.encode([text])[0].values
        sign = np.sign(found.logit)
        score = sign * found.logit
        windows = np.array_split(np.arange(len(ids)), 4)
        rest = [np.delete(ids, window) for window in windows]
        left = sign * model.network.logits(Ragged.from_list(rest))[:, 0]
        occluded = np.repeat((score - left) / [len(w) for w in windows], [len(w) for w in windows])
        for shares, curves in ((sign * found.contributions, ours), (occluded, theirs)):
            order = np.argsort(-shares, kind="stable")
            kept = [np.delete(ids, order[:n]) for n in range(1, len(ids) // 3)]
            after = sign * model.network.logits(Ragged.from_list(kept))[:, 0]
            curves.append((score - after).mean())
    assert np.mean(ours) > 1.2 * np.mean(theirs) > 0
