"""`bothways inspect` as people type it."""

from __future__ import annotations

import json

import pytest
from test_cli import refused, run

ROWS = [("Good<br />film", "pos"), ("good film", "neg"), ("Good film!", "pos"), ("bad", "neg")]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    return path


def test_terminal(data):
    done = run("inspect", data, env={"COLUMNS": "200"})
    assert done.returncode == 0 and not done.stderr
    first, rest = done.stdout.split("\n\n", 1)
    assert first == f"{data}: 4 texts, 7 tokens"
    found = rest.splitlines()
    assert found[0].startswith("problem  1 text has different labels in different rows (2 rows")
    assert "HTML tag in 1 text (25.0 %), 1 time in all" in done.stdout
    assert "line 3 (neg), line 4 (pos)" in done.stdout


def test_json_is_one_document(data):
    done = run("inspect", data, data, "--json", "--max-length", "1")
    document = json.loads(done.stdout)
    assert not done.stderr
    assert document["rows"] == 4 and document["labels"]["counts"] == {"neg": 2, "pos": 2}
    assert document["lengths"]["limits"][0]["length"] == 1
    assert document["lengths"]["limits"][0]["cut_texts"] == 3
    assert document["overlap"]["rows"] == 4
    assert [f["severity"] for f in document["findings"]][:2] == ["problem", "problem"]


def test_hostile_text_moves_nothing_in_a_terminal(tmp_path):
    path = tmp_path / "evil.jsonl"
    texts = ["[bold]x[/bold] \x1b[31m \u202e[/] \x00 end"] * 2
    lines = [
        json.dumps({"text": text, "label": label}) for text, label in zip(texts, "ab", strict=True)
    ]
    path.write_text("\n".join(lines))
    done = run("inspect", path, env={"COLUMNS": "200"})
    assert done.returncode == 0 and not {"\x1b", "\x00", "\u202e"} & set(done.stdout)
    assert r"[bold]x[/bold] \x1b[31m \u202e[/] \x00 end" in done.stdout


def test_labels_that_are_missing_are_a_finding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nb,\n")
    document = json.loads(run("inspect", path, "--json").stdout)
    assert document["labels"] is None
    assert "line 3" in document["findings"][0]["what"]
    assert "line 3" in refused("inspect", path, "--label", "label")


def test_the_columns_are_those_that_train_takes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("review,stars\na,1\nb,5\n")
    document = json.loads(run("inspect", path, "--json").stdout)
    assert document["labels"]["counts"] == {"1": 1, "5": 1}


def test_several_labels_a_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x|y\na,y|x\nb,x\n")
    document = json.loads(run("inspect", path, "--label-separator", "|", "--json").stdout)
    assert document["labels"]["counts"] == {"x + y": 2, "x": 1}
    assert document["contradictions"]["groups"] == 0
    assert document["repeats"]["surplus"] == 1


def test_texts_without_labels(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\na\nb\n")
    assert json.loads(run("inspect", path, "--json").stdout)["labels"] is None
    assert "there are no labels" in refused("inspect", path, "--suspicious")


def test_a_model_names_labels(data, tiny_model):
    document = json.loads(run("inspect", data, "--model", tiny_model, "--json").stdout)
    assert document["suspects"]["judged"] == 4
    assert run("inspect", data, "--model", tiny_model, "--suspicious").returncode == 2
    assert "no such" in refused("inspect", data, "--model", "no-such-model")
    assert "no-such.csv" in refused("inspect", data, "no-such.csv")


def test_a_page(data, tmp_path):
    page = tmp_path / "page.html"
    done = run("inspect", data, "--html", page, "--json")
    assert json.loads(done.stdout)["rows"] == 4 and f"wrote {page}" in done.stderr
    assert "Inspection of reviews.csv" in page.read_text()
    assert "no such folder" in refused("inspect", data, "--html", tmp_path / "no" / "page.html")
    before = data.read_bytes()
    assert "is not a page" in refused("inspect", data, "--html", data)
    assert data.read_bytes() == before
