"""Reading along: each figure against its plain definition, on answers that are known."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import bothways
from bothways import artifact, explain
from bothways.errors import ArgumentError
from bothways.explain._reading import SHARES
from bothways.runtime import Model
from conftest import tiny_corpus


@pytest.fixture(scope="module")
def model(tiny_model):
    return bothways.load(tiny_model)


@pytest.fixture(scope="module")
def corpus():
    rows = zip(*tiny_corpus(60, seed=5), strict=True)
    return tuple(zip(*[row for row in rows if len(row[0].split()) > 3], strict=True))


@pytest.fixture(scope="module")
def found(model, corpus):
    return explain.read_along(model, *corpus, lookaheads=(2, 100), show=100)


def answers(model, text):
    """After each token, by predicting every beginning."""
    words = text.split()
    return model.predict([" ".join(words[:n]) for n in range(len(words) + 1)])


def test_accuracy_at_every_point(model, corpus, found):
    texts, labels = corpus
    prefix = found.readings[0]
    assert (prefix.name, found.grid) == ("prefix", SHARES)
    for n, share in enumerate(SHARES):
        right = []
        for text, label in zip(texts, labels, strict=True):
            words = text.split()
            read = int(np.ceil(round(share * len(words), 6)))
            right.append(model.predict([" ".join(words[:read])]) == [label])
        assert prefix.accuracy[n] == pytest.approx(np.mean(right))
        low, high = prefix.intervals[n]
        assert low <= prefix.accuracy[n] <= high and 0.05 < high - low < 0.4


def test_when_answers_settle(model, corpus, found):
    shares, half = [], []
    for text in corpus[0]:
        said = answers(model, text)
        changes = [n for n in range(len(said)) if said[n] != said[-1]]
        settled = changes[-1] + 1 if changes else 0
        shares.append(settled / (len(said) - 1))
        half.append(settled <= np.ceil((len(said) - 1) / 2))
    prefix = found.readings[0]
    assert prefix.median_settled == pytest.approx(np.quantile(shares, 0.5))
    assert prefix.late_settled == pytest.approx(np.quantile(shares, 0.9))
    assert prefix.settled[10] == np.mean(half)
    assert prefix.settled[-1] == 1


def test_hindsight(model, corpus, found):
    turned = right = wrong = 0
    for text, label in zip(*corpus, strict=True):
        words = text.split()
        rows = model.predict_proba([" ".join(words[:n]) for n in range(len(words) + 1)])
        last = rows[-1].argmax()
        others = [row.max() for row in rows[1:] if row.argmax() != last]
        if others and max(others) >= 0.8:
            turned += 1
            right += model.labels[last] == label
            wrong += model.labels[last] != label
    assert turned and (found.turned, found.turned_right, found.turned_wrong) == (
        turned, right, wrong
    )  # fmt: skip
    assert len(found.turns) == turned
    for turn in found.turns:
        begun = turn.text[: turn.stop]
        assert len(begun.split()) == turn.words and turn.first != turn.answer
        assert model.predict([begun]) == [turn.first]
        assert model.predict([turn.text]) == [turn.answer]
        assert model.predict_proba([begun]).max() == pytest.approx(turn.first_probability)
    surest = [min(turn.first_probability, turn.probability) for turn in found.turns]
    assert surest == sorted(surest, reverse=True)


def test_late_answers_come_late(model, corpus, found):
    """Before `k` words an empty text's answer stands; with the last word all are there."""
    empty = model.predict([""])[0]
    always = np.mean([label == empty for label in corpus[1]])
    late = found.readings[2]
    assert late.name == "lookahead 100"
    assert set(late.accuracy[:16]) == {always}  # up to three quarters no text is at its end
    streamed = []
    for text, label in zip(*corpus, strict=True):
        stream = bothways.Stream(model, lookahead=100)
        assert not stream.push(text + " ").tokens
        row = stream.end().probabilities[-1]
        streamed.append(model.labels[int(row.argmax())] == label)
    assert late.accuracy[-1] == np.mean(streamed)


def test_a_model_that_looks_ahead_is_read_as_it_was_trained(model, tiny_model, corpus):
    """In its own right, and beside another one; its last answers are those of `predict`."""
    spec, tensors = artifact.load(tiny_model)
    ahead = Model(replace(spec, network=replace(spec.network, pooling="max", lookahead=3)), tensors)
    found = explain.read_along(ahead, *corpus)
    assert [reading.name for reading in found.readings] == ["prefix", "lookahead 3"]
    prefix, late = found.readings
    right = [a == b for a, b in zip(ahead.predict(corpus[0]), corpus[1], strict=True)]
    assert prefix.accuracy[-1] == late.accuracy[-1] == np.mean(right)
    assert prefix.accuracy != late.accuracy
    beside = explain.read_along(model, *corpus, beside=ahead).readings[1]
    assert beside == replace(late, name="beside")
    with pytest.raises(ArgumentError, match="trained with lookahead=3"):
        explain.read_along(ahead, *corpus, lookaheads=(2,))


def test_by_words_and_beside(model, corpus):
    texts, labels = [*corpus[0], ""], [*corpus[1], "pos"]
    forward = new_forward(model)
    found = explain.read_along(model, texts, labels, beside=forward, by="words", show=0)
    assert found.grid[:4] == (0, 1, 2, 3) and found.grid[-1] == max(len(t.split()) for t in texts)
    assert [reading.name for reading in found.readings] == ["prefix", "beside"]
    for of, reading in zip((model, forward), found.readings, strict=True):
        said = of.predict([" ".join(text.split()[:2]) for text in texts])
        assert reading.accuracy[2] == np.mean([a == b for a, b in zip(said, labels, strict=True)])
    assert found.turns == ()


def new_forward(model):
    spec = model.spec
    spec = replace(
        spec, network=replace(spec.network, bidirectional=False), labels=spec.labels[::-1]
    )
    rng = np.random.default_rng(8)
    return Model(
        spec,
        {k: rng.standard_normal(s).astype(np.float32) for k, s in spec.tensor_shapes.items()},
    )


def test_what_cannot_be_read_along_is_refused(model):
    for options, message in (
        ({"beside": model}, "reads in both directions"),
        ({"by": "pages"}, "'share' or 'words', got 'pages'"),
        ({"lookaheads": (-1,)}, "lookahead must be"),
    ):
        with pytest.raises(ArgumentError, match=message):
            explain.read_along(model, ["good"], ["pos"], **options)


def test_terminal_page_and_json(found):
    out = io.StringIO()
    explain.show_readings(Console(file=out, width=100, highlight=False), found)
    assert f"{found.readings[0].accuracy[-1]:.4f}" in out.getvalue()
    assert f"turned {found.turned} first impressions around" in out.getvalue()
    hostile = replace(found, turns=(replace(found.turns[0], text="<script>x\x1b[1m", stop=3),))
    page = explain.readings_page(hostile, model="some/tiny", data="x/rows.csv")
    assert "<script" not in page and "\x1b" not in page and "lookahead 100" in page
    assert explain.readings_page(replace(found, turns=()), model="m", data="d")
    document = json.loads(json.dumps(found.document()))
    assert len(document["readings"][0]["accuracy"]) == len(document["grid"]) == 21
