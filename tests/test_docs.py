"""What the README shows works as it stands there."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import tiny_corpus

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Pages whose commands are meant to be typed from the top.
GUIDES = [
    "accuracy.md",
    *(
        "compare.md",
        "continue.md",
        "data.md",
        "decisions.md",
        "exchange.md",
        "explain.md",
        "labels.md",
        "large.md",
        "long-texts.md",
    ),
    *("reading.md", "report.md", "scoring.md", "small.md", "vectors.md"),
]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    for name, seed in (("reviews.csv", 0), ("more-reviews.csv", 1)):
        texts, labels = tiny_corpus(80, seed)
        rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
        (tmp_path / name).write_text("text,label\n" + rows)
    lines = [f"{'old ' * (n % 2)}film{' red' * (n % 3)},{n}\n" for n in range(60)]
    tags = [f"{'old|' * (n % 2)}{'red' * (n % 3 > 0)}".strip("|") for n in range(60)]
    weighted = [line.replace(",", f",{'ab'[n % 2]},") for n, line in enumerate(lines)]
    (tmp_path / "weighted.csv").write_text("text,label,n\n" + "".join(weighted))
    tagged = [line.split(",")[0] + f",{tag}\n" for line, tag in zip(lines, tags, strict=True)]
    (tmp_path / "tags.csv").write_text("text,tags\n" + "".join(tagged))
    texts, labels = tiny_corpus(60, 2)
    rows = list(zip(texts, labels, strict=True))
    (tmp_path / "shards").mkdir()
    for n in range(3):
        part = [json.dumps({"text": t, "label": x}) + "\n" for t, x in rows[20 * n : 20 * (n + 1)]]
        packed = gzip.compress("".join(part).encode())
        (tmp_path / "shards" / f"part-{n}.jsonl.gz").write_bytes(packed)
    marked = [f"{t},{x},{'dev' if n % 4 == 0 else 'train'}\n" for n, (t, x) in enumerate(rows)]
    (tmp_path / "marked.csv").write_text("text,label,split\n" + "".join(marked))
    (tmp_path / "weights.json").write_text('{"neg": 3}')
    (tmp_path / "texts.txt").write_text("good film\n\na bad one\n")
    (tmp_path / "vectors.vec").write_text("good 0.1 0.2 0.3\nbad 0.3 -0.2 0.1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language, page=README):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.S | re.M)


def run_commands(page):
    """Run the lines of the page's shell blocks; how many there were."""
    commands = [line for block in blocks("sh", page) for line in block.splitlines()]
    for line in commands:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "bothways"
        command = [sys.executable, "-m", "bothways", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stderr)
    return len(commands)


def test_shell_examples(workplace):
    assert run_commands(README) >= 4


@pytest.mark.parametrize("name", GUIDES)
def test_guides(workplace, name):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert run_commands(page) >= 2
    names: dict[str, object] = {}
    for block in blocks("python", page):
        exec(compile(block, name, "exec"), names)


def test_pytorch_guide():
    """Its program loses the same with torch's LSTM, and what comes after it runs."""
    program, *others = blocks("python", (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8"))
    ours, theirs = "from bothways.nn import LSTM", "from torch.nn import LSTM"
    assert program.count(ours) == 1
    swapped: dict[str, object] = {}
    exec(compile(program.replace(ours, theirs), "pytorch.md", "exec"), swapped)
    names: dict[str, object] = {}
    exec(compile(program, "pytorch.md", "exec"), names)
    assert names["LSTM"] is not swapped["LSTM"]
    assert names["losses"] == pytest.approx(swapped["losses"], rel=1e-5)
    assert len(others) >= 2
    for block in others:
        exec(compile(block, "pytorch.md", "exec"), names)


def test_keras_guide(workplace):
    """Its program loses the same with Keras's layers, and what comes after it runs."""
    program, *others = blocks("python", (ROOT / "docs" / "keras.md").read_text(encoding="utf-8"))
    ours, theirs = (f"from {home} import LSTM, Bi" for home in ("bothways.keras", "keras.layers"))
    losses = []
    for line in (ours, theirs):
        assert program.count(f"\n{ours}") == 1
        names: dict[str, object] = {}
        exec(compile(program.replace(f"\n{ours}", f"\n{line}"), "keras.md", "exec"), names)
        losses.append(names["losses"])
        for block in others:
            exec(compile(block, "keras.md", "exec"), names)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert len(others) == 1


def test_distributed_guide(workplace):
    """Its first command, under the launcher, and its program, without one."""
    page = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    program, *arguments = shlex.split(blocks("console", page)[0])
    assert program == "torchrun"
    command = [sys.executable, "-m", "torch.distributed.run", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "saved my-model" in done.stderr, done.stderr
    names: dict[str, object] = {}
    (block,) = blocks("python", page)
    exec(compile(block, "distributed.md", "exec"), names)
    assert names["ranks"] is None and names["classifier"].model_


def test_python_examples(workplace):
    names: dict[str, object] = {}
    assert len(blocks("python")) >= 3
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert names["features"].shape == (3, 32)
    assert names["padded"].shape == (1, 600)


def test_docstring_examples():
    import doctest

    import bothways._ragged
    import bothways.data
    import bothways.estimators._classifier
    import bothways.text._vectorizer

    for module in (
        bothways._ragged,
        bothways.data,
        bothways.estimators._classifier,
        bothways.text._vectorizer,
    ):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


def test_example(workplace):
    program = str(ROOT / "examples" / "reviews.py")
    command = [sys.executable, program, "reviews.csv", "example-model"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "held-out accuracy" in done.stdout
