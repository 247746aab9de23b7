"""A reader that looks ahead: its states, its stream, its explanations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bothways
from bothways import Ragged, Stream, interop, kernels
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.errors import ArgumentError, ArtifactError
from bothways.kernels import reference
from bothways.runtime import (
    Model,
    Network,
    _beginnings,
    _lookahead,
    _prefixes,
    _secant_ahead,
    prefix_probabilities,
)
from bothways.runtime._contributions import contributions

TEXT = "A good film, not\n a  BAD one -- unheard of! good good"
WORDS = ("", "[UNK]", "a", "good", "bad", "film", "not", "one")


def new_network(**options):
    options = {"merge": "concat", "pooling": "max", "outputs": 3, "lookahead": 2} | options
    return NetworkSpec(embedding_dim=5, hidden_size=4, bidirectional=True, **options)


def drawn(shapes):
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal(s).astype(np.float32) for name, s in shapes.items()}


def new_model(**options):
    spec = Spec(
        "classification",
        ("neg", "new", "pos"),
        VectorizerSpec(None, "lower_and_strip_punctuation", "whitespace", None, False, WORDS),
        new_network(**options),
    )
    return Model(spec, drawn(spec.tensor_shapes))


def pushed(stream, pieces):
    parts = [stream.push(piece) for piece in pieces]
    parts.append(stream.end())
    return np.concatenate([part.probabilities for part in parts])


@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_states_are_those_of_a_window_for_each_token(isa, rng, k):
    """Against the plain kernel, a token at a time."""
    spec = new_network(lookahead=k)
    net = Network(spec, drawn(spec.tensor_shapes(30)))
    texts = [rng.integers(0, 30, n) for n in (7, 0, 1, 20)]
    found = net.outputs(Ragged.from_list(texts))
    expected = []
    for ids in texts:
        rows = net.projected[ids]
        for t in range(len(ids)):
            both = []
            for part, last in ((rows[: t + 1], -1), (rows[t : t + k + 1], 0)):
                offsets = np.array([0, len(part)])
                both.append(
                    reference.lstm_forward(part, offsets, net.recurrent[0].weights).output[last]
                )
            expected.append(np.concatenate([both[0][:4], both[1][4:]]))
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-5, atol=1e-6)
    assert kernels.isa() == isa


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
def test_far_enough_ahead_it_is_the_reader_of_whole_texts(rng, merge, pooling):
    spec = new_network(merge=merge, pooling=pooling, lookahead=19)
    tensors = drawn(spec.tensor_shapes(30))
    ids = Ragged.from_list([rng.integers(0, 30, n) for n in (20, 0, 1, 13)])
    whole = Network(replace(spec, lookahead=None), tensors).probabilities(ids)
    found = Network(spec, tensors).probabilities(ids)
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-7)
    near = Network(replace(spec, lookahead=1), tensors).probabilities(ids)
    assert np.abs(near - whole).max() > 1e-4


def test_a_score_has_the_same_bits_beside_others_and_in_parts(isa, rng, monkeypatch):
    spec = new_network(lookahead=3)
    net = Network(spec, drawn(spec.tensor_shapes(30)))
    texts = [rng.integers(0, 30, n) for n in rng.integers(0, 60, 90)]
    expected = net.probabilities(Ragged.from_list(texts), threads=1)
    order = rng.permutation(len(texts))
    np.testing.assert_array_equal(
        net.probabilities(Ragged.from_list([texts[n] for n in order]), threads=2), expected[order]
    )
    monkeypatch.setattr(_lookahead, "_STEPS", 10)
    for text, row in zip(texts[:9], expected, strict=False):
        np.testing.assert_array_equal(net.probabilities(Ragged.from_list([text]))[0], row)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("merge", ["concat", "mul"])
@pytest.mark.parametrize("k", [0, 2, 50])
def test_the_last_answer_of_a_stream_is_that_of_predict(merge, pooling, k):
    model = new_model(merge=merge, pooling=pooling, lookahead=k)
    stream = Stream(model)
    assert stream.lookahead == k
    words = model.vectorizer.tokens(TEXT)
    for n in range(1, len(words) + 1):
        text = " ".join(words[:n])
        assert len(stream.push(text + " ").tokens) == max(0, n - k)
        stream.end()
        rows, expected = pushed(stream, list(text)), model.predict_proba([text])[0]
        assert len(rows) == n
        np.testing.assert_allclose(rows[-1], expected, rtol=1e-5)
        if pooling == "max":  # a mean adds in another order
            np.testing.assert_array_equal(rows[-1], expected)
    np.testing.assert_array_equal(rows, pushed(Stream(model, lookahead=k), [TEXT]))
    again = Stream(model).restore(stream.state())
    np.testing.assert_array_equal(pushed(again, [TEXT]), rows)


def test_the_text_so_far_can_be_read_again_too():
    model = new_model()
    words = model.vectorizer.tokens(TEXT)
    beginnings = [" ".join(words[:n]) for n in range(len(words) + 1)]
    expected = model.predict_proba(beginnings)
    np.testing.assert_array_equal(model.prefixes(TEXT).probabilities, expected)
    rows = pushed(Stream(model, reading="prefix"), [TEXT])
    np.testing.assert_array_equal(rows, expected[1:])


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("merge", ["concat", "mul"])
@pytest.mark.parametrize(("k", "length"), [(0, None), (3, 40), (99, None)])
def test_beginnings_have_the_bits_of_predictions(monkeypatch, merge, pooling, k, length):
    """Each state is computed once, or all of them for each beginning."""
    model = new_model(merge=merge, pooling=pooling, lookahead=k)
    cut = replace(model.spec.vectorizer, output_sequence_length=length)
    model = Model(replace(model.spec, vectorizer=cut), drawn(model.spec.tensor_shapes))
    text = " ".join(np.random.default_rng(1).choice(WORDS[2:], 60))
    monkeypatch.setattr(_beginnings, "_TOKENS", 100)
    found = prefix_probabilities(model, model.vectorizer.encode_whole([text]).values, range(61))
    expected = model.predict_proba([" ".join(text.split()[:n]) for n in range(61)])
    np.testing.assert_array_equal(found, expected)
    few = model.prefixes(text, points=3).probabilities
    monkeypatch.setattr(_prefixes, "_STATES", 0)
    np.testing.assert_array_equal(model.prefixes(text, points=3).probabilities, few)
    monkeypatch.setattr(_prefixes, "features_of_beginnings", None)  # is not called
    np.testing.assert_array_equal(
        model.prefixes(text).probabilities, expected[: (length or 60) + 1]
    )


@pytest.mark.parametrize("k", [1, 3])
def test_another_lookahead_is_refused(k):
    with pytest.raises(ArgumentError, match=f"trained with lookahead=2.* give no other, got {k}"):
        Stream(new_model(), lookahead=k)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("k", [0, 3, 50])
def test_contributions_sum_to_the_score(rng, monkeypatch, merge, pooling, k):
    spec = new_network(merge=merge, pooling=pooling, lookahead=k)
    net = Network(spec, drawn(spec.tensor_shapes(30)), temperature=1.7)
    reference = net.inputs[0][1]
    for length in (1, 2, 40):
        ids = rng.integers(0, 30, length).astype(np.int32)
        found = contributions(net, ids, 1, reference)
        expected = float(net.logits(Ragged(ids, np.array([0, length])))[0, 1])
        sizes = np.abs(found.by_reader).sum()
        total = float(found.by_reader.sum(dtype=np.float64)) + found.base
        assert abs(total - expected) <= 1e-4 + 1e-6 * sizes < sizes
    monkeypatch.setattr(_secant_ahead, "_STEPS", 10)
    parts = contributions(net, ids, 1, reference)
    np.testing.assert_allclose(parts.by_reader, found.by_reader, rtol=1e-4, atol=1e-5)
    if k == 50:
        whole = Network(replace(spec, lookahead=None), drawn(spec.tensor_shapes(30)))
        whole.temperature = net.temperature
        expected = contributions(whole, ids, 1, reference).by_reader
        np.testing.assert_allclose(found.by_reader, expected, rtol=1e-4, atol=1e-5)


def test_a_word_counts_only_so_far_back():
    """Of a maximum, a change of a word moves no state more than `lookahead` words before it."""
    net = new_model(lookahead=2).network
    ids = np.array([2, 3, 4, 5, 6, 7, 2, 3], np.int32)
    other = ids.copy()
    other[6] = 7
    states, changed = (net.outputs(Ragged(x, np.array([0, 8]))) for x in (ids, other))
    assert (states != changed).any(axis=1).tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 2}, "network.lookahead is 2, expected null with 2 layers"),
        ({"mask": False}, "expected null without a mask"),
        ({"pooling": "last"}, "expected null with the pooling 'last': the last token has nothing"),
        ({"lookahead": -1}, "network.lookahead is -1, expected a whole number from 0 to 256"),
        ({"lookahead": 257}, "expected a whole number from 0 to 256"),
        ({"lookahead": True}, "network.lookahead is True"),
    ],
)
def test_what_cannot_look_ahead(options, message):
    with pytest.raises(ArtifactError, match=message):
        new_network(**options)
    with pytest.raises(ArtifactError, match="expected null in one direction"):
        replace(new_network(), bidirectional=False)


def test_a_folder_of_format_3(tmp_path):
    model = new_model()
    bothways.artifact.save(tmp_path / "m", model.spec, drawn(model.spec.tensor_shapes), "card")
    again = bothways.load(tmp_path / "m")
    assert again.spec.network.lookahead == 2 and again.spec.format_version == 3
    np.testing.assert_array_equal(again.predict_proba([TEXT]), model.predict_proba([TEXT]))
    assert replace(model.spec, network=new_network(lookahead=None)).format_version == 1
    for form, name in (("keras", "m.keras"), ("onnx", "m.onnx"), ("torch", "m.safetensors")):
        with pytest.raises(ArtifactError, match=r"2 tokens ahead .* cannot be exported"):
            interop.export(tmp_path / "m", tmp_path / name, to=form)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
