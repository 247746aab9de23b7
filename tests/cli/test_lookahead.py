"""A model that looks ahead, from the training to all that is done with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_cli import refused, run

import bothways
from conftest import tiny_corpus


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    lines = [f"{text},{label}\n" for text, label in zip(*tiny_corpus(80, seed=3), strict=True)]
    path.write_text("text,label\n" + "".join(lines))
    return path


@pytest.fixture(scope="module")
def ahead(rows, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "ahead"
    done = run("train", rows, "--out", out, "--lookahead", 2, "--epochs", 2, "--precision", "bf16")
    assert done.returncode == 0, done.stderr
    return out


def test_what_was_trained_is_what_is_scored_and_streamed(ahead, rows):
    model = bothways.load(ahead)
    assert model.spec.network.lookahead == 2
    assert model.spec.training["recipe"]["lookahead"] == 2
    assert "back from 2 tokens ahead of each one" in (ahead / "README.md").read_text()
    assert "lookahead 2" in run("info", ahead).stdout
    stream = bothways.Stream(model)
    assert len(stream.push("the film a good book ").tokens) == 3
    np.testing.assert_array_equal(
        stream.end().probabilities[-1], model.predict_proba(["the film a good book"])[0]
    )
    read = json.loads(run("read", ahead, rows, "--json").stdout)["readings"]
    assert [reading["name"] for reading in read] == ["prefix", "lookahead 2"]
    judged = json.loads(run("evaluate", ahead, rows, "--json").stdout)
    assert judged["accuracy"] == read[0]["accuracy"][-1] == read[1]["accuracy"][-1]
    why = json.loads(run("explain", ahead, "the film a good book", "--json").stdout)
    parts = sum(token["forward"] + token["backward"] for token in why["tokens"])
    assert abs(why["base"] + parts - why["logit"]) < 1e-4


def test_it_is_compressed_and_trained_on(ahead, rows, tmp_path):
    small, on = tmp_path / "small", tmp_path / "on"
    done = run("compress", ahead, "--out", small, "--max-size", "33kB", "--data", rows)
    assert done.returncode == 0, done.stderr
    assert bothways.load(small).spec.network.lookahead == 2
    done = run("train", rows, "--from", ahead, "--out", on, "--epochs", 1)
    assert done.returncode == 0, done.stderr
    assert bothways.load(on).spec.network.lookahead == 2
    message = refused("train", rows, "--from", ahead, "--lookahead", 3, "--out", tmp_path / "x")
    assert "the model has lookahead 2, and the preset 'fast' has 3" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--preset", "classic"), "network.lookahead is 2, expected null with the pooling 'last'"),
        (("--directions", "forward"), "expected null in one direction"),
    ],
)
def test_what_cannot_look_ahead_is_refused(rows, tmp_path, options, message):
    out = tmp_path / "m"
    assert message in refused("train", rows, "--out", out, "--lookahead", 2, *options)
    assert not out.exists()
    assert run("train", rows, "--out", out, "--lookahead", 257).returncode == 2


def test_no_other_program_reads_so(ahead, tmp_path):
    message = refused("export", ahead, tmp_path / "m.onnx", "--to", "onnx")
    assert "reads back from 2 tokens ahead of each one (lookahead)" in message
