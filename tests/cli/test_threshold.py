"""bothways threshold, as people type it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from test_cli import refused, run

import bothways
from conftest import tiny_corpus


@pytest.fixture
def model(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "model")
    return tmp_path / "model"


def written(path, texts, labels):
    path.write_text(
        "text,label\n" + "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
    )
    return path


@pytest.fixture
def rows(tmp_path):
    """Every fifth label is another one, so that no threshold separates them."""
    texts, labels = tiny_corpus(100, seed=11)
    labels = ["neg" if n % 5 == 0 else x for n, x in enumerate(labels)]
    return written(tmp_path / "rows.csv", texts, labels)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_stored_threshold_is_used_until_it_is_reset(model, rows):
    before = contents(model)
    done = run("threshold", model, rows, "--for", "pos", "--recall", 0.5, "--save", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["recall"] >= 0.5 and found["saved"] is True
    loaded = bothways.load(model)
    assert loaded.spec.thresholds == {"pos": found["threshold"]}
    data = bothways.read(rows)
    second = loaded.predict_proba(data.texts)[:, 1].astype(float)
    expected = np.where(second >= found["threshold"], "pos", "neg").tolist()
    assert loaded.predict(data.texts) == expected
    lines = run("predict", model, stdin="\n".join(data.texts)).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == expected
    figures = json.loads(run("evaluate", model, rows, "--json").stdout)["labels"]["pos"]
    for name in ("precision", "recall"):
        assert figures[name] == pytest.approx(found[name])
    assert f"| threshold of `pos` | {found['threshold']:.4f}" in (model / "README.md").read_text()
    assert "threshold" in run("info", model).stdout
    assert run("threshold", model, "--reset").returncode == 0
    assert contents(model) == before


def test_without_save_nothing_changes(model, rows):
    before = contents(model)
    done = run("threshold", model, rows, "--for", "pos", "--precision", 0.5)
    assert done.returncode == 0, done.stderr
    assert "threshold of 'pos'" in done.stdout and "that get it" in done.stdout
    assert contents(model) == before


def test_what_is_refused(model, rows, tmp_path):
    before = contents(model)
    trained_on = written(tmp_path / "train.csv", *tiny_corpus())
    command = ("threshold", model, rows, "--save")
    for options, parts in (
        (("--for", "pos", "--precision", 1), ["rows.csv", "'pos'", "no threshold", "the best is"]),
        (("--for", "good", "--recall", 1), ["no label 'good'", "'neg', 'pos'"]),
        (("--for", "pos", "--recall", 1, "--held-out"), ["rows.csv", "not the data"]),
    ):
        sentence = refused(*command, *options)
        for part in parts:
            assert part in sentence
    sentence = refused("threshold", model, trained_on, "--for", "pos", "--recall", 1)
    assert "was trained on it" in sentence and "--held-out" in sentence
    only = written(tmp_path / "only.csv", ["good", "bad"], ["neg", "neg"])
    sentence = refused("threshold", model, only, "--for", "pos", "--recall", 1)
    assert "none of the 2 texts have the label" in sentence
    assert contents(model) == before


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--for", "pos"],
        ["--recall", 0.5],
        ["--for", "pos", "--recall", 0],
        ["--for", "pos", "--recall", "nan"],
        ["--for", "pos", "--recall", 0.5, "--precision", 0.5],
        ["--reset"],
    ],
)
def test_wrong_usage(model, rows, options):
    assert run("threshold", model, rows, *options).returncode == 2
