"""Bad input: one clear sentence, exit code 1, and nothing left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_cli import refused

GOOD = "text,label\n" + "good,a\nbad,b\n" * 10


def test_no_such_file(tmp_path):
    assert "no-such.csv: no such file" in refused("train", "no-such.csv", "--out", tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "name, content, parts",
    [
        ("a.xyz", GOOD, ["suffix '.xyz'", ".csv", ".parquet"]),
        ("a.csv", "", ["a.csv", "empty"]),
        ("a.csv", "text,label\n", ["a.csv"]),
        ("a.csv", "foo,bar\nx,y\n", ["'foo'", "'bar'"]),
        ("a.csv", "text,label\nx,a\ny,a\n", ["same label 'a'"]),
        ("a.csv", "text,label\nx,a\ny,\nz,b\n", ["label", "3"]),
        ("a.csv", b"text,label\nx,a\n\xff\xfe,b\n", ["line 3", "UTF-8"]),
        ("a.jsonl", '{"text": "x", "label": "a"}\n{"text": 5, "label": "b"}\n', ["2", "string"]),
        ("a.jsonl", '{"text": "x", "label": "a"}\n{broken\n', ["line 2"]),
        ("a.parquet", "PAR1 no", ["a.parquet"]),
        ("a.txt", "no label here\n", ["line 1", "__label__"]),
    ],
)
def test_data_that_cannot_be_used(tmp_path, name, content, parts):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sentence = refused("train", path, "--out", tmp_path / "m")
    for part in parts:
        assert part in sentence
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


def test_a_column_that_is_not_there(data, tmp_path):
    sentence = refused("train", data, "--text", "body", "--out", tmp_path / "m")
    assert "'body'" in sentence and "'text'" in sentence and "'label'" in sentence


def test_output_that_holds_something_else(data, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("all of it")
    sentence = refused("train", data, "--out", tmp_path / "thesis")
    assert "chapter.txt" in sentence
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "all of it"
    assert "good.csv" in refused("train", data, "--out", data)


def test_output_that_cannot_be_written(data):
    assert "/proc: nothing can be written there" in refused("train", data, "--out", "/proc/a/m")


def test_output_that_is_a_model_already(data, tiny_model, tmp_path):
    model = shutil.copytree(tiny_model, tmp_path / "m")
    before = {p.name: p.read_bytes() for p in Path(model).iterdir()}
    assert "--overwrite" in refused("train", data, "--out", model)
    assert {p.name: p.read_bytes() for p in Path(model).iterdir()} == before


@pytest.mark.parametrize(
    "damage, part",
    [
        (lambda m: shutil.rmtree(m), "no such"),
        (lambda m: (m / "model.safetensors").unlink(), "model.safetensors"),
        (lambda m: cut(m / "model.safetensors"), "model.safetensors"),
        (lambda m: cut(m / "spec.json"), "spec.json"),
        (lambda m: (m / "spec.json").write_text("{}"), "spec.json"),
    ],
)
def test_a_damaged_model(tiny_model, tmp_path, damage, part):
    model = Path(shutil.copytree(tiny_model, tmp_path / "m"))
    damage(model)
    for command in (("predict", model), ("info", model)):
        assert part in refused(*command)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def test_predict_on_what_is_not_text(tiny_model, tmp_path):
    sentence = refused("predict", tiny_model, tmp_path)
    assert "is a folder" in sentence
    assert "missing.txt" in refused("predict", tiny_model, "missing.txt")
    path = tmp_path / "latin.txt"
    path.write_bytes("fine\ncaf\xe9\n".encode("latin-1"))
    sentence = refused("predict", tiny_model, path)
    assert "line 2: byte 4 is not UTF-8" in sentence


def test_evaluate_on_unknown_labels(tiny_model, data):
    sentence = refused("evaluate", tiny_model, data)
    assert "good.csv" in sentence and "label 'a'" in sentence and "'neg', 'pos'" in sentence


def test_held_out_of_other_data(tiny_model, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("text,label\ngood,pos\nbad,neg\n")
    assert "is not the data" in refused("evaluate", tiny_model, path, "--held-out")


def test_unknown_preset_and_device(data, tmp_path):
    assert "choose from classic, fast" in refused(
        "train", data, "--preset", "slow", "--out", tmp_path / "m"
    )
    assert "device" in refused("train", data, "--device", "tpu", "--out", tmp_path / "m")
    assert "precision must be 'f32' or 'bf16', got 'f16'" in refused(
        "train", data, "--precision", "f16", "--out", tmp_path / "m"
    )


def test_validation_that_cannot_be(data, tmp_path):
    for valid in ("19", "0.99", "7.5"):
        sentence = refused("train", data, "--valid", valid, "--out", tmp_path / "m")
        assert "validation" in sentence
    assert "no-such.csv" in refused(
        "train", data, "--valid", "no-such.csv", "--out", tmp_path / "m"
    )


def test_forced_tier_that_is_not_there(tiny_model):
    env = {"BOTHWAYS_ISA": "sse9"}
    assert "no instruction tier 'sse9'" in refused("predict", tiny_model, env=env)
    assert "no instruction tier 'sse9'" in refused("info", env=env)
