"""train on shards, and cache, by the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bothways import load
from bothways.cli import app
from bothways.errors import BothwaysError
from cli.test_cli import refused, run
from conftest import tiny_corpus
from corpus.shards import write_shards

OPTIONS = ("--preset", "classic", "--epochs", "2", "--valid", "hash:0.2")
TEXTS, LABELS = tiny_corpus(200)


@pytest.fixture(autouse=True)
def handler():
    """`train` has one for SIGTERM, which is not to stay."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    write_shards(tmp_path / "shards", TEXTS, LABELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOTHWAYS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_shards_become_a_model_and_a_cache(workplace):
    first = run("train", "shards/*.jsonl", "--out", "one", *OPTIONS, "--json")
    assert "counting the words of 3 shards" in first.stderr
    assert f"the cache takes 7.8 kB at {workplace / 'cache'}" in first.stderr
    document = json.loads(first.stdout)
    assert document["training"]["validation"] == "hash:0.2"
    assert document["quality"]["held_out_texts"] + document["training"]["texts"] == 200
    second = run("train", "shards/*.jsonl", "--out", "two", *OPTIONS, "--memory", "2GB")
    assert "using the cache at" in second.stderr and "counting" not in second.stderr
    assert load("one").predict_proba(TEXTS).tobytes() == load("two").predict_proba(TEXTS).tobytes()


def test_what_was_held_out_of_shards_is_measured_again(workplace):
    trained = run("train", "shards/*.jsonl", "--out", "one", *OPTIONS, "--json")
    quality = json.loads(trained.stdout)["quality"]
    again = run("evaluate", "one", "shards", "--held-out", "--json")
    assert again.returncode == 0, again.stderr
    found = json.loads(again.stdout)
    assert found["texts"] == quality["held_out_texts"]
    assert found["accuracy"] == quality["accuracy"]
    beside = run("evaluate", "one", "shards", "--held-out", "--baseline", "shards", "--json")
    assert json.loads(beside.stdout)["baseline"]["same_texts_as_the_model"]
    (workplace / "shards" / "part-0.jsonl").unlink()
    assert "is not the data that" in refused("evaluate", "one", "shards", "--held-out")


def test_it_goes_on_from_a_model(workplace):
    assert run("train", "shards/part-0.jsonl", "--out", "old", *OPTIONS).returncode == 0
    done = run("train", "shards", "--out", "new", "--from", "old", "--valid", "hash:0.2", "--json")
    assert done.returncode == 0, done.stderr
    assert "began with old, and 0 new words" in done.stderr
    document = json.loads(done.stdout)
    assert document["training"]["started_from"]["source"] == "old"
    assert document["training"]["shards"] == 3


def test_one_file_from_a_cache(workplace):
    done = run("train", "shards/part-1.jsonl", "--out", "m", *OPTIONS, "--memory", "1GB")
    assert "counting the words of 1 shard (" in done.stderr
    assert "texts with 2 labels from shards/part-1.jsonl" in done.stderr


def test_caches_are_listed_and_removed(workplace):
    for recipe in ("classic", "fast"):
        run(
            "train",
            "shards",
            "--out",
            recipe,
            "--preset",
            recipe,
            "--epochs",
            "1",
            "--valid",
            "none",
        )
    listed = run("cache")
    lines = listed.stdout.splitlines()
    assert len(lines) == 2 and all("shards, held out none" in line for line in lines)
    assert "used less than a minute ago" in lines[0]
    assert "2 caches" in listed.stderr
    key = lines[0].split()[0]
    assert run("cache", "remove", key[:8]).stdout.split()[0] == key
    (left,) = json.loads(run("cache", "list", "--json").stdout)["list"]
    assert left["key"] == lines[1].split()[0] and left["source"].endswith("shards")
    assert "removed 1 cache" in run("cache", "clear").stderr
    assert os.listdir("cache") == []
    with pytest.raises(BothwaysError, match="no cache begins with 'abc'"):
        app(["cache", "remove", "abc"], standalone_mode=False)


@pytest.mark.parametrize("words", [["remove"], ["clear", "abc"], ["sweep"]])
def test_wrong_usage_of_cache(workplace, words):
    assert CliRunner().invoke(app, ["cache", *words]).exit_code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--unlabeled", "x.csv"), "--unlabeled needs all texts in memory"),
        (("--autotune", "10s"), "--autotune needs all texts in memory"),
        (("--valid", "0.2"), "--valid 0.2: texts of shards are not drawn; give hash:0.1"),
        (("--memory", "1MB"), "takes at least"),
    ],
)
def test_what_needs_memory_is_refused(workplace, options, says):
    with pytest.raises(BothwaysError, match=says):
        app(["train", "shards", "--out", "m", *options], standalone_mode=False)
    assert sorted(os.listdir()) == ["shards"]


def test_a_kill_loses_nothing(workplace):
    """A process that is killed while it makes the cache, and one while it trains, leave what the
    next goes on from; the model has the bits of one that was never killed."""
    program = (
        "import math, os, signal, sys\n"
        "from bothways import TextClassifier\n"
        "from bothways.corpus import _make\n"
        "from bothways.training import UnfinishedRun\n"
        "left = [int(sys.argv[1])]\n"
        "def kill():\n"
        "    left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "real = _make.encode_shard\n"
        "def encode(*arguments):\n"
        "    kill()\n"
        "    return real(*arguments)\n"
        "_make.encode_shard = encode\n"
        "class Killer:\n"
        "    def started(self, epochs, steps): pass\n"
        "    def stepped(self, *_): kill()\n"
        "    def validated(self, *_): pass\n"
        "classifier = TextClassifier(preset='classic', epochs=2, threads=1)\n"
        "with UnfinishedRun('m', resume=True, every=0, share=math.inf) as run:\n"
        "    classifier.fit_shards('shards', watcher=Killer(), run=run)\n"
        "    print(run.steps)\n"
        "    classifier.save('m', overwrite=True)\n"
        "    run.finish()\n"
    )
    codes, steps = [], ""
    for moment in (2, 5, 7, 1000):
        command = [sys.executable, "-c", program, str(moment)]
        done = subprocess.run(command, capture_output=True, text=True)
        codes.append(done.returncode)
        steps = done.stdout
    assert codes == [-9, -9, -9, 0] and int(steps) > 0
    run("train", "shards", "--out", "whole", "--preset", "classic", "--epochs", "2")
    assert load("m").predict_proba(TEXTS).tobytes() == load("whole").predict_proba(TEXTS).tobytes()
