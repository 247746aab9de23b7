"""bothways read."""

from __future__ import annotations

import json

import pytest
from test_cli import refused, run

from conftest import tiny_corpus


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    lines = [f"{text},{label}\n" for text, label in zip(*tiny_corpus(60, seed=3), strict=True)]
    path.write_text("text,label\n" + "".join(lines))
    return path


def test_json_and_page(tiny_model, rows, tmp_path):
    page = tmp_path / "read.html"
    done = run("read", tiny_model, rows, "--most", 50, "--lookahead", 3, "--lookahead", 3,
               "--by", "words", "--json", "--html", page)  # fmt: skip
    document = json.loads(done.stdout)
    assert document["texts"] == 50 and document["by"] == "words"
    assert [reading["name"] for reading in document["readings"]] == ["prefix", "lookahead 3"]
    assert "As the words come in" in page.read_text()
    again = run("read", tiny_model, rows, "--most", 50, "--seed", 1, "--json")
    assert json.loads(again.stdout)["readings"][0] != document["readings"][0]


def test_terminal_and_refusals(tiny_model, rows, tmp_path):
    done = run("read", tiny_model, rows)
    assert "accuracy on 60 texts by share of the text read" in done.stdout
    other = tmp_path / "other.csv"
    other.write_text("text,label\ngood,new\nbad,neg\n")
    assert "label 'new', which the model does not know" in refused("read", tiny_model, other)
    message = refused("read", tiny_model, rows, "--beside", tiny_model)
    assert "reads in both directions" in message
    assert run("read", tiny_model, rows, "--by", "pages").returncode == 2
