"""What works, and what is said, where only the base dependencies are installed."""

from __future__ import annotations

import subprocess
import sys

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "sklearn", "scipy", "pyarrow", "matplotlib"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])
sys.meta_path.insert(0, Absent())
"""


def run(code, *arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCK + code, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def command(*arguments, stdin=""):
    return run("from bothways.cli import main; main()", *arguments, stdin=stdin)


def test_predict_and_info_need_nothing_more(tiny_model):
    done = command("predict", tiny_model, stdin="good film\n\nbad\n")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()][::2] == ["pos", "neg"]
    assert command("info").returncode == command("info", tiny_model).returncode == 0


def test_python_needs_nothing_more(tiny_model):
    code = (
        f"import bothways; print(bothways.load({str(tiny_model)!r}).predict(['good']));"
        "from bothways import TextVectorizer; TextVectorizer().adapt(['a b']);"
        "print(bothways.read.__name__)"
    )
    assert run(code).stdout == "['pos']\nread\n"


def test_what_is_missing_is_said_in_one_sentence(tiny_model, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "x,a\ny,b\n" * 9)
    for arguments in (
        ("train", path, "--out", tmp_path / "m"),
        ("evaluate", tiny_model, path),
        ("demo", "--out", tmp_path / "d"),
    ):
        done = command(*arguments)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].endswith("pip install 'bothways[train]'")
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]
    for module in ("nn", "training", "estimators"):
        done = run(f"import bothways.{module}")
        assert "MissingExtraError" in done.stderr and "bothways[train]" in done.stderr
