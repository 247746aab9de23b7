"""bothways compress, as people type it."""

from __future__ import annotations

import json

import pytest
from test_cli import refused, run

from conftest import tiny_corpus


@pytest.fixture
def reviews(tmp_path):
    texts, labels = tiny_corpus(60, seed=9)
    rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
    (tmp_path / "reviews.csv").write_text("text,label\n" + rows)
    return tmp_path / "reviews.csv"


def test_compress_and_use(tiny_model, reviews, tmp_path):
    out = tmp_path / "small"
    done = run(
        *("compress", tiny_model, "--max-size", "6kB", "--out", out, "--data", reviews, "--json")
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["bytes"] == sum(path.stat().st_size for path in out.iterdir()) <= 6_000
    assert document["measured"]["source"] == str(reviews)
    evaluated = json.loads(run("evaluate", out, reviews, "--json").stdout)
    assert evaluated["accuracy"] == document["measured"]["accuracy"][1]
    info = json.loads(run("info", out, "--json").stdout)
    assert info["stored as"] == "8-bit integers with scales"
    assert info["compressed"]["tokens before"] == document["tokens_before"]
    assert run("predict", out, stdin="good\n").stdout.startswith("pos\t")
    assert "saved" in run("compress", out, "--out", tmp_path / "again").stderr


def test_unlabelled_texts_measure_the_answers(tiny_model, tmp_path):
    (tmp_path / "texts.txt").write_text("good film\nbad\n\n")
    done = run("compress", tiny_model, "--out", tmp_path / "s", "--data", tmp_path / "texts.txt")
    assert done.returncode == 0, done.stderr
    assert "without labels the accuracy is not known" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "options, parts",
    [
        (["--max-size", "5 apples"], ["'5 apples'", "5MB"]),
        (["--max-size", "0"], ["'0'", "one byte"]),
        (["--max-size", "100B"], ["does not fit into 100 bytes", "at least", "one word of"]),
        (["--held-out"], ["--held-out", "--data"]),
        (["--data", "none.csv"], ["none.csv", "no such file"]),
    ],
)
def test_what_cannot_be_done(tiny_model, tmp_path, options, parts):
    sentence = refused("compress", tiny_model, "--out", tmp_path / "small", *options)
    for part in parts:
        assert part in sentence
    assert list(tmp_path.iterdir()) == []


def test_labels_that_the_model_does_not_know(tiny_model, tmp_path):
    (tmp_path / "other.csv").write_text("text,label\ngood,pos\nwell,maybe\n")
    data = tmp_path / "other.csv"
    sentence = refused("compress", tiny_model, "--out", tmp_path / "s", "--data", data)
    assert "other.csv, row 3" in sentence or "other.csv, line 3" in sentence
    assert "'maybe'" in sentence and not (tmp_path / "s").exists()
