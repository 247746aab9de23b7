"""predict --out from the shell."""

from __future__ import annotations

import csv
import json

import pytest
from test_cli import run

import bothways


@pytest.fixture
def shards(tmp_path):
    (tmp_path / "in").mkdir()
    for name in "ab":
        rows = "good film,1\n" * 3 + "a bad one,2\ntoo,many,fields\n"
        (tmp_path / "in" / f"{name}.csv").write_text(f"text,n\n{rows}")
    return tmp_path / "in"


def test_score(tmp_path, tiny_model, shards):
    command = ("predict", tiny_model, shards, "--out", tmp_path / "out")
    done = run(*command, "--json", "--threads", 1)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["shards"], found["rows"], found["errors"], found["failed"]) == (2, 10, 2, {})
    assert found["fingerprint"] == bothways.load(tiny_model).fingerprint
    assert (found["text"], found["prefix"], found["already_there"]) == ("text", "", 0)
    assert found["rows_per_second"] == found["rows"] / found["seconds"]
    assert 0 < found["not_the_model"] < 1
    assert set(found["processor_seconds"]) == {"read", "vectorize", "network", "write", "all"}
    with open(tmp_path / "out" / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    plain = run("predict", tiny_model, stdin="good film\na bad one\n").stdout.split()
    assert [rows[0]["label"], rows[3]["label"]] == plain[::2]
    assert f"{float(rows[0]['probability']):.4f}" == plain[1]
    again = run(*command)
    assert again.returncode == 0 and again.stdout == ""
    assert "there already: 2 shards" in again.stderr and "0 shards with 0 rows" in again.stderr


def test_what_is_worth_a_line(tmp_path, tiny_model, shards):
    long = "word " * 700
    (shards / "c.csv").write_text(f"text,label\n{long},x\n")
    done = run("predict", tiny_model, shards, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "the new columns begin with predicted_" in done.stderr
    assert ": 3 shards with 11 rows" in done.stderr
    assert "2 rows have no answer: see the column predicted_error" in done.stderr
    assert "1 texts were cut" in done.stderr


def test_a_shard_that_fails_is_named_and_the_exit_code_is_one(tmp_path, tiny_model, shards):
    (shards / "b.csv").write_text("body\nx\n")
    done = run("predict", tiny_model, shards, "--out", tmp_path / "out", "--json")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = f"{shards}/b.csv: there is no text column 'text'"
    assert f"1 of 2 shards could not be scored: {said}" in done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 5 and found["failed"][f"{shards}/b.csv"].startswith(said)
    assert (tmp_path / "out" / "a.csv").exists() and not (tmp_path / "out" / "b.csv").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("x.csv", "--text", "t"), "--text is for shards"),
        (("x.csv", "--engine", "local"), "--engine is for shards"),
        (("x.csv", "--overwrite"), "--overwrite is for shards"),
        (("x.csv", "--prefix", ""), "--prefix is for shards"),
        (("x.csv", "--out", "o", "--engine", "dask"), "expected local or ray, got 'dask'"),
        (("-", "--out", "o"), "standard input has no names"),
        (("csv:-", "--out", "o"), "standard input has no names"),
    ],
)
def test_wrong_usage(tiny_model, options, said):
    done = run("predict", tiny_model, *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_table_is_not_lines(tmp_path, tiny_model):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for name in ("a.parquet", ""):
        done = run("predict", tiny_model, tmp_path / name)
        assert done.returncode == 1 and "; --out FOLDER scores " in done.stderr
