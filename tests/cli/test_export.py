"""bothways export, as people type it."""

from __future__ import annotations

from test_cli import run


def test_wrong_usage(tiny_model, tmp_path):
    done = run("export", tiny_model, tmp_path / "m", "--to", "caffe")
    assert done.returncode == 2 and "--to: expected one of" in done.stderr
    done = run("export", tiny_model, tmp_path / "m")
    assert done.returncode == 2 and "--to" in done.stderr
    assert list(tmp_path.iterdir()) == []
