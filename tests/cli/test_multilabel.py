"""Several labels a text, from the shell: train, evaluate, predict, info and compress agree."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from sklearn.metrics import f1_score, hamming_loss, log_loss
from test_cli import refused, run

import bothways

WORDS = np.array(["red", "blue", "old"])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same rows as a table with divided cells, as lists, and the labels as a matrix."""
    folder = tmp_path_factory.mktemp("several")
    matrix = np.random.default_rng(0).integers(0, 2, (160, 3))
    texts = ["a film " + " ".join(WORDS[row == 1]) for row in matrix]
    sets = [WORDS[row == 1].tolist() for row in matrix]
    cells = "".join(f"{t},{' | '.join(s)}\n" for t, s in zip(texts, sets, strict=True))
    (folder / "cells.csv").write_text("text,tags\n" + cells)
    rows = [{"text": t, "tags": s} for t, s in zip(texts, sets, strict=True)]
    (folder / "lists.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder, texts, matrix[:, [1, 2, 0]].astype(bool)


@pytest.fixture(scope="module")
def trained(files):
    """What `train --json` and stderr said, and the model."""
    folder = files[0]
    recipe = json.loads(run("presets", "classic").stdout)
    recipe |= {"name": "tiny", "embedding_dim": 8, "hidden_size": 6, "learning_rate": 0.03}
    recipe |= {"epochs": 12, "batch_size": 16}
    (folder / "tiny.json").write_text(json.dumps(recipe))
    options = ("--label", "tags", "--label-separator", "|", "--preset", folder / "tiny.json")
    done = run("train", folder / "cells.csv", *options, "--out", folder / "m", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr, folder / "m"


def test_train_says_what_it_did(trained):
    document, messages, _ = trained
    assert "160 texts with 3 labels (1.64 a text, 23 texts without one) from" in messages
    assert f"held-out micro F1 {document['quality']['micro_f1']:.4f} on 32 texts" in messages
    assert document["history"][0]["valid_f1"] is not None


def test_evaluate_is_scikit_learns(files, trained):
    folder, texts, truth = files
    document, _, model = trained
    lists = (folder / "lists.jsonl", "--label", "tags")
    held_out = json.loads(run("evaluate", model, *lists, "--held-out", "--json").stdout)
    for key in ("micro_f1", "accuracy", "log_loss"):
        assert held_out[key] == document["quality"][key]
    found = json.loads(run("evaluate", model, *lists, "--json").stdout)
    p = bothways.load(model).predict_proba(texts).astype(float)
    guess = p >= 0.5
    assert found["micro_f1"] == f1_score(truth, guess, average="micro") > 0.9
    assert found["macro_f1"] == f1_score(truth, guess, average="macro")
    assert found["accuracy"] == (guess == truth).all(axis=1).mean()
    assert found["hamming_loss"] == hamming_loss(truth, guess)
    assert found["log_loss"] == pytest.approx(sum(log_loss(truth[:, c], p[:, c]) for c in range(3)))
    assert found["labels"]["blue"]["support"] == truth[:, 0].sum()
    shown = run("evaluate", model, *lists)
    assert shown.returncode == 0 and "Hamming loss" in shown.stdout


def test_predict_prints_each_label_that_a_text_has(trained):
    model = trained[2]
    lines = ["a film red old", "a film", ""]
    p = bothways.load(model).predict_proba(lines)
    done = run("predict", model, stdin="\n".join(lines) + "\n").stdout.splitlines()
    names, numbers = done[0].split("\t")
    order = sorted([1, 2], key=lambda c: -p[0, c])
    assert names == "|".join(["blue", "old", "red"][c] for c in order)
    assert numbers == "|".join(f"{p[0, c]:.4f}" for c in order)
    assert done[1] == "\t"
    document = json.loads(run("predict", model, "--json", stdin=lines[0]).stdout)
    assert document["predictions"][0]["labels"] == names.split("|")
    assert set(document["predictions"][0]["probabilities"]) == {"blue", "old", "red"}


def test_each_label_has_a_threshold_of_its_own(files, trained, tmp_path):
    folder, texts, truth = files
    model = shutil.copytree(trained[2], tmp_path / "model")
    data = (folder / "lists.jsonl", "--label", "tags", "--held-out")
    first = run("threshold", model, *data, "--for", "old", "--recall", 1, "--save", "--json")
    assert first.returncode == 0, first.stderr
    old = json.loads(first.stdout)["threshold"]
    done = run("threshold", model, *data, "--for", "red", "--precision", 1, "--save")
    assert done.returncode == 0, done.stderr
    loaded = bothways.load(model)
    assert set(loaded.spec.thresholds) == {"old", "red"} and loaded.spec.thresholds["old"] == old
    p = loaded.predict_proba(texts).astype(float)
    guess = p >= [loaded.spec.thresholds.get(name, 0.5) for name in loaded.labels]
    named = [[name for name, has in zip(loaded.labels, row, strict=True) if has] for row in guess]
    assert loaded.predict(texts) == named
    card = (model / "README.md").read_text()
    assert card.count("| threshold of `") == 2
    found = json.loads(run("evaluate", model, *data[:-1], "--json").stdout)
    assert found["micro_f1"] == f1_score(truth, guess, average="micro")
    every = json.loads(run("threshold", model, *data, "--recall", 0.5, "--json").stdout)
    assert [one["label"] for one in every["thresholds"]] == ["blue", "old", "red"]
    assert all(one["recall"] >= 0.5 for one in every["thresholds"])
    done = run("threshold", model, "--reset")
    assert "gives each label from one half on again" in done.stderr
    assert bothways.load(model).spec == bothways.load(trained[2]).spec
    assert "| threshold of" not in (model / "README.md").read_text()


def test_labels_that_no_threshold_is_for_are_told(files, trained, tmp_path):
    (tmp_path / "few.csv").write_text("text,tags\na film red,red\na film,blue\na film old,blue\n")
    data = (tmp_path / "few.csv", "--label", "tags", "--recall", 1)
    done = run("threshold", trained[2], *data, "--json")
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["without"]) == ["old"]
    assert "'old' is left as it is: none of the 3 texts have the label" in done.stderr
    sentence = refused("threshold", trained[2], *data, "--for", "old")
    assert "few.csv, label 'old': none of the 3 texts have the label" in sentence
    (tmp_path / "few.csv").write_text("text,tags\na film red,red\n")
    assert "no label gets a threshold; 'blue': none of" in refused("threshold", trained[2], *data)


def test_info_and_compress(files, trained):
    folder, model = files[0], trained[2]
    assert json.loads(run("info", model, "--json").stdout)["task"] == "multilabel"
    data = ("--data", folder / "cells.csv", "--label", "tags", "--label-separator", "|")
    small = run("compress", model, "--out", folder / "small", *data, "--json")
    assert small.returncode == 0, small.stderr
    measured = json.loads(small.stdout)["measured"]
    every = run("evaluate", model, *data[1:], "--json").stdout
    assert measured["accuracy"][0] == json.loads(every)["accuracy"]
    assert measured["log_loss"][0] == pytest.approx(json.loads(every)["log_loss"])
    assert measured["same_label"] > 0.9


def test_a_file_for_validation_may_have_one_label_a_text(files, tmp_path):
    (tmp_path / "valid.csv").write_text("text,tags\nred,red\nblue,blue\nold,old\n")
    done = run(
        *("train", files[0] / "lists.jsonl", "--label", "tags", "--valid", tmp_path / "valid.csv"),
        *("--epochs", "1", "--class-weight", "balanced", "--out", tmp_path / "m"),
    )
    assert done.returncode == 0, done.stderr
    assert "held-out micro F1" in done.stderr


def test_refusals(files, trained, tiny_model, tmp_path):
    lists = files[0] / "lists.jsonl"
    sentence = refused("evaluate", tiny_model, lists, "--label", "tags")
    assert "lists.jsonl: a text has several labels, and the model gives one" in sentence
    (tmp_path / "other.jsonl").write_text('{"text": "x", "tags": ["red", "green"]}\n')
    sentence = refused("evaluate", trained[2], tmp_path / "other.jsonl", "--label", "tags")
    assert "row 1" in sentence or "line 1" in sentence
    assert "has the label 'green', which the model does not know" in sentence
    (tmp_path / "valid.csv").write_text("text,tags\nred,red\n")
    valid = ("--valid", tmp_path / "valid.csv", "--out", tmp_path / "m")
    sentence = refused("train", lists, "--label", "tags", *valid)
    assert "the validation part has no text with the label 'blue' (nor with 1 others)" in sentence
    assert not (tmp_path / "m").exists()
