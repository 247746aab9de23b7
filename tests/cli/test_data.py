"""DATA in many files, compressed, on standard input; and what is held out of it."""

from __future__ import annotations

import gzip
import json

import pytest
from test_cli import refused, run

from conftest import tiny_corpus

TEXTS, LABELS = tiny_corpus(120)


@pytest.fixture(scope="module")
def rows():
    """120 rows as JSON Lines, every fourth marked."""
    return [
        json.dumps({"text": text, "label": label, "split": "test" if n % 4 == 0 else "train"})
        for n, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True))
    ]


@pytest.fixture(scope="module")
def shards(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for n in range(3):
        part = "\n".join(rows[40 * n : 40 * (n + 1)]) + "\n"
        (folder / f"part-{n}.jsonl.gz").write_bytes(gzip.compress(part.encode()))
    (folder / "_SUCCESS").touch()
    return folder


def trained(out, *arguments, **options):
    done = run("train", *arguments, "--out", out, "--epochs", 2, "--json", **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def one_file(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "reviews.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    return path


@pytest.mark.parametrize(("valid", "marked"), [("column:split", 30), ("hash:0.25", None)])
def test_what_was_held_out_is_known_later(one_file, shards, rows, tmp_path, valid, marked):
    """Also where the same rows come in other files: they are told by what they hold."""
    made = trained(tmp_path / "m", one_file, "--valid", valid)
    held = made["quality"]["held_out_texts"]
    assert 15 < held < 45 if marked is None else held == marked
    for data in (f"{shards}/*.jsonl.gz", f"file://{shards}/part-*", "-"):
        figures = run(
            "evaluate", tmp_path / "m", data, "--held-out", "--json", stdin="\n".join(rows)
        )
        assert json.loads(figures.stdout)["texts"] == held
    facts = run("inspect", shards, "--model", tmp_path / "m", "--json")
    assert json.loads(facts.stdout)["suspects"]["seen"] == 120 - held
    found = run("read", tmp_path / "m", one_file, "--held-out", "--json")
    assert json.loads(found.stdout)["texts"] == held
    # other data need not have the column
    (tmp_path / "other.csv").write_text("text,label\ngood,pos\nbad,neg\n")
    assert run("evaluate", tmp_path / "m", tmp_path / "other.csv").returncode == 0


def test_refusals(one_file, shards, tmp_path):
    out = ("--out", tmp_path / "m")
    assert "*.csv: no file matches" in refused("train", f"{shards}/*.csv", *out)
    assert "no validation column 'part'" in refused(
        "train", one_file, "--valid", "column:part", *out
    )
    said = refused("train", one_file, "--valid", "column:text", *out)
    assert "reviews.jsonl.gz, line 1, column 'text'" in said and "does not say whether" in said
    assert "between 0 and 1" in refused("train", one_file, "--valid", "hash:x", *out)
    assert "standard input: is empty" in refused("inspect", "-")
    said = refused("inspect", "csv:-", stdin="text,label\n\nalone\n")
    assert "standard input, line 3: has 1 field, the header has 2" in said
    assert not (tmp_path / "m").exists()
