"""Streams: the answers of a beginning are those of the text so far, however it is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bothways
from bothways import Ragged, Stream
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.errors import ArgumentError, DataError
from bothways.kernels import reference
from bothways.runtime import Model

TEXT = "A good film, not\n a  BAD one -- unheard of! good good"
WORDS = ("", "[UNK]", "a", "good", "bad", "film", "not", "one")


RULES = ["lower_and_strip_punctuation", "lower_and_split_at_punctuation"]


def new_model(*, length=None, truncate="head", split="whitespace", standardize=RULES[0], **network):
    spec = Spec(
        "classification",
        ("neg", "new", "pos"),
        VectorizerSpec(None, standardize, split, length, True, WORDS, truncate),
        NetworkSpec(
            **{"embedding_dim": 5, "hidden_size": 4, "bidirectional": False, "merge": "concat",
               "pooling": "last", "outputs": 3} | network
        ),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    return Model(
        spec,
        {k: rng.standard_normal(s).astype(np.float32) for k, s in spec.tensor_shapes.items()},
    )


def pushed(stream, pieces):
    """All answers of a text that came in these pieces."""
    parts = [stream.push(piece) for piece in pieces]
    parts.append(stream.end())
    return [t for p in parts for t in p.tokens], np.concatenate([p.probabilities for p in parts])


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_forward_answers_are_those_of_the_text_so_far(pooling, layers):
    model = new_model(pooling=pooling, layers=layers)
    expected = model.prefixes(TEXT)
    for pieces in ([TEXT], list(TEXT), ["A", "", TEXT[1:]]):
        tokens, rows = pushed(Stream(model), pieces)
        assert tokens == list(expected.tokens)
        np.testing.assert_allclose(rows, expected.probabilities[1:], rtol=1e-5, atol=1e-6)
        if pooling != "mean":  # whose kernel adds in another order
            np.testing.assert_array_equal(rows, expected.probabilities[1:])


def test_maxima_that_are_at_least_zero_in_short_texts_alone():
    """A negative maximum is counted as zero while the text is short, and is itself after that."""
    model = new_model(pooling="max", zero_under=6)
    expected = model.prefixes(TEXT).probabilities[1:]
    for pieces in ([TEXT], list(TEXT), [TEXT[:11], TEXT[11:]]):
        np.testing.assert_array_equal(pushed(Stream(model), pieces)[1], expected)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("split", ["whitespace", "character"])
@pytest.mark.parametrize("standardize", RULES)
@given(text=st.text(" ab.'G\u0130\u03a3\u2019\u2014\u00a0\x1c\n", max_size=12), data=st.data())
def test_where_a_text_is_cut_changes_nothing(text, data, standardize, unicode, split):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    model = new_model(split=split, standardize=standardize)
    v = replace(model.spec.vectorizer, unicode=unicode)
    model = Model(replace(model.spec, vectorizer=v), tensors_like(model))
    tokens, rows = pushed(Stream(model), pieces)
    if split == "whitespace":  # of characters, a final sigma does not know that it is one
        assert tokens == model.vectorizer.tokens(text)
    if len(rows):
        np.testing.assert_array_equal(rows[-1], model.predict_proba([text])[0])


def test_a_word_is_answered_for_when_punctuation_ends_it():
    stream = Stream(new_model(standardize=RULES[1]))
    assert stream.push("A good").tokens == ("a",)
    assert stream.push(",not ").tokens == ("good", "not")
    assert stream.push("isn't").tokens == ()
    assert stream.push(".").tokens == ("isnt",)
    assert stream.push("..").tokens == stream.end().tokens == ()


def tensors_like(model):
    rng = np.random.default_rng(4)
    shapes = model.spec.tensor_shapes
    return {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}


@pytest.mark.parametrize("options", [{}, {"reading": "prefix"}, {"lookahead": 2}])
def test_a_state_goes_on_in_another_stream(options):
    both = "lookahead" in options
    model = new_model(pooling="max", bidirectional=both)
    whole = pushed(Stream(model, **options), [TEXT])
    for cut in range(0, len(TEXT), 7):
        first = Stream(model, **options)
        begun = first.push(TEXT[:cut])
        state = first.state()
        assert isinstance(state, bytes)
        second = Stream(model, **options).restore(state)
        tokens, rows = pushed(second, [TEXT[cut:]])
        assert [*begun.tokens, *tokens] == whole[0]
        np.testing.assert_array_equal(np.vstack([begun.probabilities, rows]), whole[1])
        assert second.state() == Stream(model, **options).state()  # it begins anew


def test_states_do_not_grow():
    stream = Stream(new_model(pooling="max", layers=2))
    stream.push("good film ")
    before = len(stream.state())
    stream.push("not a bad one " * 2_000)
    assert len(stream.state()) < before + 8  # the digits of a count


@pytest.mark.parametrize("truncate", ["head", "tail", "middle"])
def test_prefix_readings_are_those_of_the_text_so_far(truncate):
    model = new_model(bidirectional=True, layers=2, length=4, truncate=truncate)
    tokens, rows = pushed(Stream(model, reading="prefix"), [TEXT[:9], TEXT[9:]])
    beginnings = [" ".join(tokens[: n + 1]) for n in range(len(tokens))]
    np.testing.assert_array_equal(rows, model.predict_proba(beginnings))


def test_beyond_the_length_nothing_is_answered():
    model = new_model(length=3)
    tokens, rows = pushed(Stream(model), ["a good ", TEXT])
    assert tokens == ["a", "good", "a"]
    np.testing.assert_array_equal(rows[-1], model.predict_proba(["a good " + TEXT])[0])


@pytest.mark.parametrize("merge", ["concat", "mul"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("k", [0, 2, 50])
def test_lookahead_reads_back_from_k_tokens_later(pooling, merge, k):
    """Against the reference kernels, window by window."""
    model = new_model(bidirectional=True, pooling=pooling, merge=merge)
    ids, network = model.encode([TEXT])[0].values, model.network
    projected = network.projected[ids].astype(np.float64)
    weights = network.recurrent[0].weights.astype(np.float64)
    T, H, states = len(ids), 4, []
    for t in range(T):
        window = projected[t : t + k + 1]
        back = reference.lstm_forward(window, np.array([0, len(window)]), weights).output[0, H:]
        ahead = reference.lstm_forward(projected[: t + 1], np.array([0, t + 1]), weights)
        forward = ahead.output[-1, :H]
        states.append(forward * back if merge == "mul" else np.concatenate([forward, back]))
    pooled = {
        "last": np.array(states),
        "mean": np.cumsum(states, axis=0) / np.arange(1, T + 1)[:, None],
        "max": np.maximum.accumulate(states, axis=0),
    }[pooling]
    expected = network.probabilities_of(pooled.astype(np.float32))
    stream = Stream(model, lookahead=k)
    assert len(stream.push(TEXT + " ").tokens) == max(0, T - k)
    stream.end()
    tokens, rows = pushed(stream, list(TEXT))
    assert len(tokens) == T
    np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=1e-6)
    if k == 50 and pooling != "last":  # all of it was looked at
        np.testing.assert_allclose(rows[-1], model.predict_proba([TEXT])[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"bidirectional": True}, {}, "both directions.*directions='forward'.*'prefix'.*lookahead"),
        ({}, {"lookahead": 3}, "this one has one direction"),
        ({"bidirectional": True, "layers": 2}, {"lookahead": 3}, "this one has 2 layers"),
        ({"bidirectional": True}, {"lookahead": -1}, "lookahead must be .* got -1"),
        ({"bidirectional": True}, {"lookahead": 1, "reading": "prefix"}, "give no lookahead"),
        ({}, {"reading": "backward"}, "'forward' or 'prefix', got 'backward'"),
        ({"length": 9, "mask": False}, {}, "reads zeros behind a text"),
        ({"length": 9, "truncate": "tail"}, {}, "keeps the tail of long texts"),
    ],
)
def test_what_cannot_be_read_so_is_refused(model, options, message):
    with pytest.raises(ArgumentError, match=message):
        Stream(new_model(**model), **options)


def test_bad_pieces_and_states_are_refused():
    model = new_model()
    stream = Stream(model)
    with pytest.raises(ArgumentError, match="expected a piece of a text, got bytes"):
        stream.push(b"good")
    with pytest.raises(DataError, match="surrogate"):
        stream.push("\ud800 ")
    stream.push("good fi")
    for state in (b"", b"x" * 100, bothways.__doc__.encode()):
        with pytest.raises(ArgumentError, match="not the state of a stream"):
            stream.restore(state)
    with pytest.raises(ArgumentError, match="over another model"):
        stream.restore(Stream(new_model(layers=2)).state())
    other = new_model()
    words = (*WORDS[:2], "good", "a", *WORDS[4:])
    other.spec = replace(model.spec, vectorizer=replace(model.spec.vectorizer, vocabulary=words))
    with pytest.raises(ArgumentError, match="over another model"):
        stream.restore(Stream(other).state())
    with pytest.raises(ArgumentError, match="with reading='prefix'"):
        stream.restore(Stream(model, reading="prefix").state())
    assert stream.push("lm ").tokens == ("film",)  # it stayed as it was


def test_a_forward_model_is_trained_by_name():
    texts, labels = ["good film", "bad film"] * 8, ["pos", "neg"] * 8
    classifier = bothways.TextClassifier(directions="forward", epochs=1, validation=None)
    model = classifier.fit(texts, labels).model_
    assert not model.spec.network.bidirectional
    assert model.spec.training["recipe"]["bidirectional"] is False
    rows = Stream(model).push("good film ").probabilities
    np.testing.assert_array_equal(rows, model.predict_proba(["good", "good film"]))
    ids = Ragged.from_list([[2, 3]])
    assert model.network.outputs(ids).shape[1] == model.spec.network.hidden_size
    with pytest.raises(ArgumentError, match="'both' or 'forward', got 'left'"):
        bothways.TextClassifier(directions="left").fit(texts, labels)
