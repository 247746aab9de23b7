"""A text that comes in over a WebSocket is answered as `bothways.Stream` answers it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from served import serving
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import bothways
from bothways import artifact

PIECES = ["good fi", "lm ", "", "but b", "ad"]


def talk(served, hello, *messages, **options):
    """The answers to messages, until the last or until the service closes."""
    with connect(f"ws://127.0.0.1:{served.port}/stream", **options) as socket:
        answers = []
        for message in (hello, *messages):
            socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
            answers.append(json.loads(socket.recv(timeout=10)))
        return answers


def rounded(answers, labels):
    return [
        {"token": token, "probabilities": dict(zip(labels, row, strict=True))}
        for token, row in zip(
            answers.tokens, np.round(answers.probabilities.astype(float), 6).tolist(), strict=True
        )
    ]


def expected(model, **how):
    stream = bothways.Stream(model, **how)
    found = [{"answers": rounded(stream.push(p), model.labels), "ended": False} for p in PIECES]
    last = rounded(stream.push(" "), model.labels) + rounded(stream.end(), model.labels)
    return [*found, {"answers": last, "ended": True}]


@pytest.mark.parametrize("how", [{"reading": "prefix"}, {"lookahead": 1}])
def test_both_directions(healthy, tiny_model, how):
    model = bothways.load(tiny_model)
    pieces = [{"text": piece} for piece in PIECES]
    hello, *answers = talk(healthy, {"model": "tiny", **how}, *pieces, {"text": " ", "end": True})
    assert hello == {"model": "tiny", "labels": ["neg", "pos"]}
    assert answers == expected(model, **how)
    if "reading" in how:
        last = answers[-1]["answers"][-1]["probabilities"]["pos"]
        assert last == round(float(model.predict_proba(["good film but bad"])[0, 1]), 6)


def test_what_is_wrong(healthy):
    def first(hello, **options):
        return talk(healthy, hello, **options)[0]["error"]

    assert first({"model": "tiny"}).startswith("this model reads in both directions")
    assert first({"model": "x"}).startswith("there is no model 'x'")
    assert first({}).startswith("name a model")
    assert first(b"\xff").startswith("not JSON")
    assert first({"model": "tiny", "lookahead": 257}).startswith("lookahead: it should be less")
    with pytest.raises(InvalidStatus, match="403"):
        first({}, origin="https://a.example")
    hello = {"model": "tiny", "reading": "prefix"}
    assert talk(healthy, hello, origin=healthy.url)[0]["labels"] == ["neg", "pos"]
    wrong = [{"text": 3}, "[", {"text": "a " * 501}, {"text": "a " * 400}]
    answers = talk(healthy, hello, *wrong, *([{"text": "a " * 400}] * 5))
    errors = [answer.get("error", "")[:16] for answer in answers]
    assert errors[:4] == ["", "text: it should ", "not JSON: EOF wh", "got 501 tokens, "]
    assert errors[4:] == [*[""] * 5, "at most 2,000 to"]
    with pytest.raises(ConnectionClosed):
        talk(healthy, hello, {"text": "a" * 200_000})


def test_a_word_without_end(healthy):
    """It is kept up to a bound, with the text as it was; a word that ends goes on from there."""
    hello = {"model": "tiny", "lookahead": 1}  # and the service is told to take 500 tokens
    pieces = ["good ", "a" * 300, "\u00e9" * 101, "b" * 200, "b", " ", "c" * 501, "!" * 501]
    answers = talk(healthy, hello, *({"text": piece} for piece in pieces))[1:]
    errors = [answer.get("error", "") for answer in answers]
    refused = "a word has {} bytes so far, at most 500 are kept"
    assert [errors[n] for n in (2, 4, 6, 7)] == [refused.format(n) for n in (502, 501, 501, 501)]
    assert [errors[n] for n in (0, 1, 3, 5)] == [""] * 4
    assert [a["token"] for a in answers[5]["answers"]] == ["good"]
    last = talk(healthy, hello, *({"text": p} for p in pieces[:6]), {"end": True})[-1]
    assert [a["token"] for a in last["answers"]] == ["a" * 300 + "b" * 200]


@pytest.fixture
def forward(tiny_model, tmp_path):
    """A model that reads forward alone: one half of the other."""
    spec, tensors = artifact.load(tiny_model)
    H = spec.network.hidden_size
    spec = replace(spec, network=replace(spec.network, bidirectional=False))
    tensors["lstm.kernel"] = tensors["lstm.kernel"][:, : 4 * H]
    tensors["lstm.recurrent_kernel"] = tensors["lstm.recurrent_kernel"][:1]
    tensors["lstm.bias"] = tensors["lstm.bias"][: 4 * H]
    tensors["dense.kernel"] = tensors["dense.kernel"][:H]
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    artifact.save(tmp_path / "forward", spec, tensors, "card")
    return tmp_path / "forward"


def test_one_direction_is_exact_and_a_token_is_asked_for(forward):
    """The token may stand in the head or in the first message."""
    model = bothways.load(forward)
    with serving(forward, environment={"BOTHWAYS_TOKEN": "secret"}) as served:
        assert "asks for a token" in talk(served, {})[0]["error"]
        assert "asks for a token" in talk(served, {"token": "x"})[0]["error"]
        pieces = [{"text": piece} for piece in PIECES]
        answers = talk(served, {"token": "secret"}, *pieces, {"text": " ", "end": True})
        assert answers[1:] == expected(model)
        head = {"Authorization": "Bearer secret"}
        assert talk(served, {}, additional_headers=head)[0]["labels"] == ["neg", "pos"]
