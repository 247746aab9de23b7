"""train --autotune, as people type it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bothways
from bothways.cli import app
from bothways.errors import BothwaysError
from conftest import tiny_corpus

PAGE = Path(__file__).parents[2] / "docs" / "autotune.md"


def run(*arguments):
    """The command in this process: a search of a second is not spent on imports."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(app, list(arguments))
    finally:
        signal.signal(signal.SIGTERM, before)


def refused(*arguments):
    """The sentence of a refusal."""
    done = run(*arguments)
    assert isinstance(done.exception, BothwaysError), done.exception
    return str(done.exception)


@pytest.fixture(scope="module", autouse=True)
def imported():
    """What a search imports is there before the first one's time begins."""
    bothways.autotune(*tiny_corpus(40), seconds=60, trials=1)


@pytest.fixture
def reviews(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seed in (("reviews.csv", 0), ("more-reviews.csv", 1)):
        texts, labels = tiny_corpus(80, seed)
        rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
        Path(name).write_text("text,label\n" + rows)
    return "reviews.csv"


def test_the_page_works(reviews):
    """Every command of the guide, with a shorter time."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) >= 4 and any("--max-size" in line for line in commands)
    for line in commands:
        program, *arguments = re.sub(r"--autotune \d+m", "--autotune 3s", line).split()
        assert program == "bothways"
        if ">" in arguments:
            *arguments, _, path = arguments
            Path(path).write_text(run(*arguments).stdout)
            continue
        done = run(*arguments)
        assert done.exit_code == 0, (line, done.stderr, done.exception)
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.S | re.M)
    exec(compile(block.replace('"10m"', '"3s"'), "autotune.md", "exec"), {})
    assert Path("tuned-model/trials.jsonl").exists()


def test_what_a_search_says(reviews):
    began = time.monotonic()
    done = run(
        *("train", reviews, "--out", "m", "--autotune", "4s", "--max-size", "200kB", "--json"),
        *("--epochs", "2", "--threads", "1"),
    )
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert time.monotonic() - began < 8
    document = json.loads(done.stdout)
    trials = document["trials"]
    lines = [line for line in done.stderr.splitlines() if re.match(r"trial \d+: ", line)]
    assert len(lines) == len(trials) == document["training"]["autotune"]["trials"] > 1
    assert "the preset" in lines[0] or "max_tokens" in lines[0]
    assert {trial["epochs"] for trial in trials} <= {0, 1, 2}
    assert f"is the best of {len(trials)} trials on the same 16 held-out texts" in done.stderr
    assert sum(path.stat().st_size for path in Path("m").iterdir()) <= 200_000
    judged = [t for t in trials if t["state"] in ("finished", "stopped")]
    best = max(t["accuracy"] for t in judged if t["accuracy"] is not None)
    assert document["quality"]["accuracy"] == best
    assert json.loads(run("presets", "m/preset.json").stdout) == document["training"]["recipe"]


def test_refusals(reviews):
    train = ("train", reviews, "--out", "m")
    assert "got the time 'soon', expected one such as 90s" in refused(*train, "--autotune", "soon")
    assert "0.01 seconds are too few to search in" in refused(*train, "--autotune", "0.01s")
    small = refused(*train, "--autotune", "1m", "--max-size", "9kB")
    assert "9,000 bytes are too few for a model: the smallest that the search" in small
    assert "none is held out" in refused(*train, "--autotune", "1m", "--valid", "none")
    done = run(*train, "--max-size", "5MB")
    assert done.exit_code == 2 and "--max-size is for --autotune" in done.stderr
    assert not Path("m").exists()


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_keeps_the_best_so_far(reviews, number, code):
    command = [sys.executable, "-m", "bothways", "train", reviews, "--out", "m", "--autotune", "5m"]
    # Whoever runs the tests in the background may ignore Ctrl-C, and so would the child.
    hears = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hears) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("trial 3:"))
        process.send_signal(number)
        assert "the best so far is kept" in process.communicate(timeout=30)[1]
    assert process.returncode == code
    facts = json.loads(run("info", "m", "--json").stdout)
    assert facts["quality"]["held_out_texts"] == 16
