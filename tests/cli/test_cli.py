"""The commands as people type them, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

import bothways
from conftest import tiny_corpus


def run(*arguments, stdin="", env=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "bothways", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=not isinstance(stdin, bytes),
        env={**os.environ, **(env or {})},
        timeout=120,
        **options,
    )


def refused(*arguments, **options):
    """Run, and return the one sentence on stderr of a refusal."""
    done = run(*arguments, **options)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert lines[-1].startswith("bothways: ")
    return lines[-1]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A csv file of 120 texts."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    texts, labels = tiny_corpus(120)
    rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
    path.write_text("text,label\n" + rows)
    return path


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """What `train --json` printed, and the model folder."""
    out = tmp_path_factory.mktemp("out") / "model"
    done = run("train", corpus, "--out", out, "--preset", "classic", "--epochs", "3", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), out


def test_the_version():
    done = run("--version")
    assert done.returncode == 0 and done.stdout == f"bothways {bothways.__version__}\n"


def test_train_evaluate_predict_and_python_agree(corpus, trained):
    document, folder = trained
    held_out = json.loads(run("evaluate", folder, corpus, "--held-out", "--json").stdout)
    assert held_out["accuracy"] == document["quality"]["accuracy"]
    assert held_out["log_loss"] == document["quality"]["log_loss"]
    assert held_out["texts"] == document["quality"]["held_out_texts"] == 24

    every = json.loads(run("evaluate", folder, corpus, "--json").stdout)
    rows = bothways.read(corpus)
    model = bothways.load(folder)
    done = run("predict", folder, stdin="\n".join(rows.texts) + "\n")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [label for label, _ in lines] == model.predict(rows.texts)
    probabilities = model.predict_proba(rows.texts).max(axis=1)
    assert [p for _, p in lines] == [f"{p:.4f}" for p in probabilities]
    right = sum(a == b for (a, _), b in zip(lines, rows.labels, strict=True))
    assert every["accuracy"] == right / len(rows)
    assert sum(map(sum, every["confusion_matrix"]["counts"])) == len(rows)
    assert "Traceback" not in done.stderr


def test_train_says_what_it_did(corpus, tmp_path):
    done = run("train", corpus, "--out", tmp_path / "m", "--epochs", "1", "--valid", "none")
    assert done.returncode == 0 and done.stdout == ""
    assert "120 texts with 2 labels" in done.stderr and "saved" in done.stderr
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        *("README.md", "history.jsonl", "model.safetensors", "spec.json"),
    ]
    assert "its quality was not measured" in (tmp_path / "m" / "README.md").read_text()


def test_train_with_a_validation_file(corpus, tmp_path):
    options = ("--out", tmp_path / "m", "--epochs", "1", "--valid", corpus, "--json")
    document = json.loads(run("train", corpus, *options, "--precision", "f32").stdout)
    assert document["training"]["recipe"]["precision"] == "f32"
    assert document["quality"]["held_out_texts"] == 120
    assert "held nothing out" in refused("evaluate", tmp_path / "m", corpus, "--held-out")


def test_the_same_seed_gives_the_same_files(corpus, tmp_path):
    for name in ("a", "b"):
        run("train", corpus, "--out", tmp_path / name, "--epochs", "1", "--seed", "5")
    a, b = (tmp_path / name / "model.safetensors" for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize(
    "stdin, lines",
    [("", 0), ("\n", 1), ("good\n\nbad", 3), ("\n\n\n", 3), ("good\r\nbad\r\n", 2)],
)
def test_a_line_out_for_every_line_in(trained, stdin, lines):
    done = run("predict", trained[1], "-", stdin=stdin)
    assert done.returncode == 0 and done.stdout.count("\n") == lines
    document = json.loads(run("predict", trained[1], "--json", stdin=stdin).stdout)
    assert len(document["predictions"]) == lines


def test_windows_line_ends_change_nothing(trained):
    a = run("predict", trained[1], stdin="good film\nbad\n").stdout
    assert a == run("predict", trained[1], stdin="good film\r\nbad\r\n").stdout


def test_a_slow_sender_is_answered_line_by_line(trained):
    command = [sys.executable, "-m", "bothways", "predict", str(trained[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for text in (b"good film\n", b"bad film\n"):
            process.stdin.write(text)
            process.stdin.flush()
            assert process.stdout.readline().count(b"\t") == 1
        process.stdin.close()


def test_a_reader_who_goes_away(trained):
    command = f"yes good | {sys.executable} -m bothways predict {trained[1]} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.count("\n") == 1 and "Traceback" not in done.stderr


def test_a_full_disk_under_the_output(trained):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "bothways", "predict", str(trained[1])]
        done = subprocess.run(command, input=b"good\n", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_info(trained):
    document = json.loads(run("info", "--json", env={"BOTHWAYS_ISA": "scalar"}).stdout)
    assert document["instruction tier"] == "scalar"
    assert "scalar" in document["tiers available"]
    document = json.loads(run("info", trained[1], "--json").stdout)
    assert document["labels"] == ["neg", "pos"] and document["trained"]["preset"] == "classic"
    assert run("info").returncode == run("info", trained[1]).returncode == 0


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_training_keeps_the_best_so_far(corpus, tmp_path, number, code):
    command = [sys.executable, "-m", "bothways", "train", str(corpus), "--epochs", "100000"]
    command += ["--out", str(tmp_path / "m"), "--valid", "none"]
    # Whoever runs the tests in the background may ignore Ctrl-C, and so would the child.
    hears = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hears) as process:
        assert "120 texts" in process.stderr.readline()
        deadline = time.monotonic() + 100
        while not (tmp_path / "m.run" / "state").exists():  # saved some ten seconds after the start
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(number)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == code, messages
    assert "interrupted" in messages
    assert bothways.load(tmp_path / "m").labels == ["neg", "pos"]


def test_demo(tmp_path):
    done = run("demo", "--out", "d", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "both ways, masked" in done.stdout and "bothways train" in done.stdout
    assert (tmp_path / "d" / "fading.png").read_bytes().startswith(b"\x89PNG")
    assert bothways.load(tmp_path / "d" / "both-ways-masked").labels == ["bad", "good"]


def test_wrong_usage_is_2():
    assert run("train").returncode == 2
    assert run("predict", "m", "--no-such-option").returncode == 2
    assert run("nonsense").returncode == 2


@pytest.mark.parametrize(
    "command", [("train", "-"), ("evaluate", "MODEL", "-"), ("explain", "MODEL", "-")]
)
def test_a_closed_standard_input_is_said(trained, tmp_path, command):
    words = [str(trained[1]) if word == "MODEL" else word for word in command]
    if command[0] == "train":
        words += ["--out", str(tmp_path / "m")]
    closed = "import os, sys; os.close(0); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", closed, sys.executable, "-m", "bothways", *words],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "bothways: standard input: is closed"
