"""bothways explain."""

from __future__ import annotations

import json

import pytest
from test_cli import refused, run


def test_json_sums_to_the_score(tiny_model):
    done = run("explain", tiny_model, "the good film", "--json", "--label", "neg")
    document = json.loads(done.stdout)
    assert document["label"] == "neg" and document["logit"] < 0
    total = document["base"] + sum(t["forward"] + t["backward"] for t in document["tokens"])
    assert total == pytest.approx(document["logit"], abs=1e-4)
    assert [t["token"] for t in document["tokens"]] == ["the", "good", "film"]


def test_terminal_page_and_standard_input(tiny_model, tmp_path):
    page = tmp_path / "why.html"
    done = run("explain", tiny_model, "-", "--html", page, "--padded", 50, stdin="a bad film\n")
    assert "47 zeros after it" in done.stdout and "bad" in done.stdout
    assert f"wrote {page}" in done.stderr
    assert "<mark" in page.read_text()


def test_refusals(tiny_model, tmp_path):
    message = refused("explain", tiny_model, "good", "--label", "new")
    assert "no label 'new'; its labels are 'neg', 'pos'" in message
    done = run("explain", tiny_model, "-", stdin=b"good \xff")
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr == b"bothways: standard input, byte 5: is not UTF-8\n"
    data = tmp_path / "data.csv"
    data.write_text("mine")
    assert "is not a page" in refused("explain", tiny_model, "good", "--html", data)
    assert data.read_text() == "mine"
