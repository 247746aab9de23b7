"""Predictions over HTTP are those of the model."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import bothways
from bothways.runtime import documents
from bothways.serving import _reading
from bothways.serving._answers import Refused
from bothways.serving._schemas import Reading

TEXTS = ["good film", "", "a bad one", "good " * 200, "the very\x00 odd é \U0001f600", "x"]


@pytest.fixture(scope="module")
def expected(tiny_model):
    model = bothways.load(tiny_model)

    def answer(texts, **options):
        return documents(model.predict_proba(texts), model.spec, **options)

    return answer


def test_one_text_and_many(healthy, expected):
    answer = healthy.predict("good film", model="tiny")
    assert answer == {"model": "tiny", "predictions": expected(["good film"])}
    assert healthy.predict(TEXTS, model="other")["predictions"] == expected(TEXTS)
    assert healthy.predict([], model="tiny")["predictions"] == []


def test_an_uncertain_label_is_null(healthy, expected):
    answer = healthy.predict(TEXTS, model="tiny", reject_below=0.9)["predictions"]
    assert answer == expected(TEXTS, reject_below=0.9)
    assert None in [a["label"] for a in answer] and "pos" in [a["label"] for a in answer]


def test_neighbours_change_nothing(healthy):
    """Bytes of answers, alone and among 200 others at a time."""
    texts = [" ".join(["good", "film", "bad", "the"][k % 4] for k in range(n)) for n in range(200)]
    bodies = [json.dumps({"text": text, "model": "tiny"}) for text in texts]
    headers = {"content-type": "application/json"}

    def ask(body):
        return healthy.client.post("/predict", content=body, headers=headers).content

    alone = [ask(body) for body in bodies]
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(ask, bodies)) == alone


def test_lines(healthy, expected):
    body = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS * 30)
    body += '{"text": 3}\n\n{"text": "good"}'
    done = healthy.client.post(
        "/lines?model=tiny", content=body, headers={"content-type": "application/x-ndjson"}
    )
    assert done.headers["content-type"] == "application/x-ndjson"
    answers = [json.loads(line) for line in done.text.splitlines()]
    assert answers[:-3] == expected(TEXTS * 30)
    assert answers[-3] == {"error": "line 181: text: it should be a valid string"}
    assert answers[-2]["error"].startswith("line 182: not JSON")
    assert answers[-1] == expected(["good"])[0]


def test_lines_are_answered_as_they_come(healthy, expected):
    path = b"/lines?model=tiny&reject_below=0.9"
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    with healthy.connect() as connection:
        connection.sendall(head)
        received = b""
        for text in ("good film", "a" * 300, "bad"):
            line = json.dumps({"text": text}).encode() + b"\n"
            for part in (line[:5], line[5:]):
                connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            document = expected([text], reject_below=0.9)[0]
            answer = json.dumps(document, separators=(",", ":")).encode()
            while answer not in received:
                received += connection.recv(1 << 16)
        connection.sendall(b"0\r\n\r\n")
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(1 << 16)


def test_explanations_are_those_of_the_model(healthy, tiny_model):
    model = bothways.load(tiny_model)
    text = "not a \U0001f600 good film"
    done = healthy.client.post("/explain", json={"text": text, "model": "tiny"})
    assert done.json() == {"model": "tiny", **model.explain(text).document()}
    asked = {"text": text, "model": "tiny", "label": "neg", "padded": 40}
    done = healthy.client.post("/explain", json=asked).json()
    assert done == {"model": "tiny", **model.explain(text, "neg", padded=40).document()}
    done = healthy.client.post("/explain", json=asked | {"label": "x"})
    assert done.status_code == 404 and "its labels are 'neg', 'pos'" in done.json()["error"]


def test_a_text_is_read_word_by_word(healthy, tiny_model):
    model = bothways.load(tiny_model)
    asked = {"text": "good but bad", "model": "tiny"}
    done = healthy.client.post("/read", json=asked).json()
    assert done == healthy.client.post("/read", json=asked | {"padded": None}).json()
    prefixes = ["", "good", "good but", "good but bad"]
    assert done["probabilities"] == model.predict_proba(prefixes).tolist()
    assert [token["token"] for token in done["tokens"]] == ["good", "but", "bad"]
    assert done["fading"] is None and set(done) == set(Reading.model_fields)
    asked["padded"] = 6.0
    fading = healthy.client.post("/read", json=asked).json()["fading"]
    assert fading["lengths"] == [3, 4, 5, 6]
    for length, row in zip(fading["lengths"], fading["probabilities"], strict=True):
        assert row[1] == model.explain("good but bad", "pos", padded=length).probability
    for path in ("/read", "/explain"):
        done = healthy.client.post(path, json=asked | {"padded": 2_001})
        assert done.status_code == 422
        assert done.json()["error"] == "padded: it should be less than or equal to 2000"


def test_no_text_is_too_long_to_say_so(tiny_model, monkeypatch):
    """Of a model that cuts no text, the service does not read a long one word by word."""
    model = bothways.load(tiny_model)
    monkeypatch.setattr(model.vectorizer, "output_sequence_length", None)
    for read in (_reading.read, lambda *asked: _reading.explain(*asked[:2], None, None, 1)):
        with pytest.raises(Refused, match="the text has 2,001 tokens, at most 2,000") as refused:
            read(model, "a " * 2_001, None, 1)
        assert refused.value.status == 413


def test_cards_and_health(healthy, tiny_model):
    card = healthy.client.get("/models/tiny").json()
    assert card["labels"] == ["neg", "pos"] and card["longest_text"] == 600
    assert card["card"] == (tiny_model / "README.md").read_text(encoding="utf-8")
    names = [one["name"] for one in healthy.client.get("/models").json()["models"]]
    assert names == ["tiny", "other"]
    for path in ("live", "ready"):
        assert healthy.client.get(f"/health/{path}").json() == {"status": path, "models": names}


def test_metrics_count(healthy):
    def count(name):
        text = healthy.client.get("/metrics").text
        return sum(float(x.split()[-1]) for x in text.splitlines() if x.startswith(name))

    answered = 'bothways_requests_total{path="/predict",status="200"}'
    before = count(answered), count('bothways_texts_total{model="other"}')
    healthy.predict(TEXTS, model="other")
    after = count(answered), count('bothways_texts_total{model="other"}')
    assert after == (before[0] + 1, before[1] + len(TEXTS))
    healthy.client.get("/models/never-seen")
    assert "never-seen" not in healthy.client.get("/metrics").text


def test_openapi_describes_the_paths(healthy):
    document = healthy.client.get("/openapi.json").json()
    assert {"/predict", "/lines", "/models", "/metrics", "/health/live"} <= set(document["paths"])
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/PredictRequest"}
    assert "429" in document["paths"]["/predict"]["post"]["responses"]
