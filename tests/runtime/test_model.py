"""Prediction: what was trained is what is shipped, and a score does not depend on its batch."""

from __future__ import annotations

import numpy as np
import pytest

import bothways
from bothways import Ragged
from bothways.artifact import NetworkSpec, layer_names
from bothways.errors import ArtifactError, DataError
from bothways.kernels import reference
from bothways.runtime import Network
from bothways.training import initial_tensors

TEXTS = ["good film", "", "a bad book", "unheard words only", "good " * 700, "x"]


def same_bits(a, b):
    np.testing.assert_array_equal(a.view(np.int32), b.view(np.int32))


def plain_logits(spec, tensors, ids):
    """The network by the reference kernels in float64, one layer after another."""
    w = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    x = reference.gather(w["embedding.weight"], ids.values)
    for k in range(spec.layers):
        kernel, recurrent, bias = (w[name] for name in layer_names(k))
        states = reference.lstm_forward(reference.project(x, kernel, bias), ids.offsets, recurrent)
        x = states.output
    both = np.concatenate(list(states.h_n), axis=1) if spec.pooling == "last" else x
    if spec.bidirectional and spec.merge != "concat":
        forward, backward = np.split(both, 2, axis=1)
        merged = {
            "sum": forward + backward,
            "mul": forward * backward,
            "ave": (forward + backward) / 2,
        }
        both = merged[spec.merge]
    if spec.pooling == "mean":
        both = reference.mean_forward(both, ids.offsets)
    if spec.pooling == "max":
        both = reference.max_forward(both, ids.offsets)[0]
    return both @ w["dense.kernel"] + w["dense.bias"]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_runtime_is_the_reference(isa, rng, bidirectional, merge, pooling, outputs, layers):
    spec = NetworkSpec(5, 7, bidirectional, merge, pooling, outputs, layers=layers)
    tensors = initial_tensors(spec, 30, rng)
    tensors["embedding.weight"] *= 20
    ids = Ragged.from_list([rng.integers(0, 30, n) for n in (4, 0, 1, 9)])
    expected = plain_logits(spec, tensors, ids)
    runtime = Network(spec, tensors)
    np.testing.assert_allclose(runtime.logits(ids), expected, rtol=1e-5, atol=1e-6)
    probabilities = runtime.probabilities(ids)
    assert probabilities.shape == (4, max(2, outputs))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_stacked_scores_have_the_same_bits_in_any_batch(isa, rng, pooling):
    spec = NetworkSpec(5, 7, True, "concat", pooling, 2, layers=2)
    network = Network(spec, initial_tensors(spec, 30, rng))
    ids = Ragged.from_list([rng.integers(0, 30, n) for n in rng.integers(0, 12, 200)])
    together = network.probabilities(ids, threads=2)
    for n in range(0, 200, 7):
        same_bits(network.probabilities(ids.take([n]), threads=1), together[[n]])
    order = rng.permutation(200)
    same_bits(network.probabilities(ids.take(order)), together[order])


def test_a_score_has_the_same_bits_alone_in_any_batch_order_and_thread_count(isa, tiny_model):
    model = bothways.load(tiny_model)
    together = model.predict_proba(TEXTS, threads=1)
    for n, text in enumerate(TEXTS):
        same_bits(model.predict_proba([text]), together[[n]])
    same_bits(model.predict_proba(TEXTS[::-1], threads=2)[::-1].copy(), together)
    same_bits(model.predict_proba(TEXTS * 200, threads=2), np.tile(together, (200, 1)))


def test_loaded_predicts_as_fitted(tiny_classifier, tiny_model):
    model = bothways.load(tiny_model)
    same_bits(model.predict_proba(TEXTS), tiny_classifier.predict_proba(TEXTS))
    assert model.predict(TEXTS) == tiny_classifier.predict(TEXTS).tolist()
    assert model.labels == ["neg", "pos"]


def test_it_learned_something(tiny_model):
    assert bothways.load(tiny_model).predict(["good film", "a bad book"]) == ["pos", "neg"]


def test_no_texts(tiny_model):
    assert bothways.load(tiny_model).predict_proba([]).shape == (0, 2)
    assert bothways.load(tiny_model).predict([]) == []


def test_what_is_not_text_is_named(tiny_model):
    with pytest.raises(DataError, match="text 1 is not a string but float"):
        bothways.load(tiny_model).predict(["fine", float("nan")])


def test_missing_folder(tmp_path):
    with pytest.raises(ArtifactError, match="no-such"):
        bothways.load(tmp_path / "no-such")


def test_unmasked_reads_the_padding():
    """Without a mask a text is filled with zeros to the full length, and they are read."""
    from dataclasses import replace

    from bothways import TextClassifier
    from bothways.training import preset

    texts, labels = ["good film", "bad film"] * 8, ["pos", "neg"] * 8
    recipe = replace(
        preset("classic"), length=12, mask=False, embedding_dim=4, hidden_size=3, epochs=1
    )
    model = TextClassifier(preset=recipe, validation=None).fit(texts, labels).model_
    ids, _ = model.encode(["good film"])
    assert ids.lengths.tolist() == [12]
    assert (ids.values[2:] == 0).all()
    short = Ragged(ids.values[:2], np.array([0, 2]))
    assert (model.network.logits(ids) != model.network.logits(short)).all()
