"""What is cut is the same in training, evaluation and prediction, and is said."""

from __future__ import annotations

from test_cli import refused, run

import bothways


def test_a_limit_is_told_by_every_command(tmp_path):
    data, texts, out = (tmp_path / name for name in ("rows.csv", "texts.txt", "model"))
    rows = "".join(f"a film with the very same words {w} {w},{w}\n" for w in ("good", "bad") * 40)
    data.write_text("text,label\n" + rows)
    texts.write_text("good or bad and then bad bad\nbad bad good good\ngood good\n")
    limit = ("--preset", "classic", "--max-length", 2, "--truncate", "tail", "--epochs", 1)
    done = run("train", data, "--out", out, *limit)
    assert done.returncode == 0, done.stderr
    assert "64 of 64 texts (100.0%) were cut and 448 of 576 tokens (77.8%) lost" in done.stderr
    assert "at 2 tokens, truncate tail" in done.stderr
    assert "of longer texts the last 2 tokens are read" in (out / "README.md").read_text()
    assert "80 of 80 texts (100.0%) were cut" in run("evaluate", out, data).stderr

    told = run("predict", out, texts)
    assert told.stderr == "2 of 3 texts (66.7%) were cut and 7 of 13 tokens (53.8%) lost\n"
    model = bothways.load(out)
    _, second, third = model.predict_proba(texts.read_text().splitlines()).tolist()
    assert second == third
    assert told.stdout.splitlines()[1] == told.stdout.splitlines()[2]


def test_what_to_keep_needs_a_limit(tmp_path):
    data = tmp_path / "rows.csv"
    data.write_text("text,label\n" + "good,a\nbad,b\n" * 10)
    sentence = refused("train", data, "--out", tmp_path / "model", "--truncate", "tail")
    assert "no length is set: give output_sequence_length (max_length, --max-length)" in sentence
    sentence = refused("train", data, "--out", tmp_path / "model", "--truncate", "left")
    assert "truncate must be one of ('head', 'tail', 'middle'), got 'left'" in sentence
    assert not (tmp_path / "model").exists()
