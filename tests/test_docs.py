"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import tiny_corpus

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    for name, seed in (("reviews.csv", 0), ("more-reviews.csv", 1)):
        texts, labels = tiny_corpus(80, seed)
        rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
        (tmp_path / name).write_text("text,label\n" + rows)
    (tmp_path / "texts.txt").write_text("good film\n\na bad one\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def test_shell_examples(workplace):
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 4
    for line in commands:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "bothways"
        command = [sys.executable, "-m", "bothways", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stderr)


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


def test_examples(workplace):
    for path in sorted((Path(__file__).parents[1] / "examples").glob("*.py")):
        command = [sys.executable, str(path), "reviews.csv", "example-model"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "held-out accuracy" in done.stdout
