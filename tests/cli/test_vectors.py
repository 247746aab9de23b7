"""bothways train --vectors, as people type it."""

from __future__ import annotations

import json

from test_cli import refused, run

from conftest import tiny_corpus


def test_train_with_vectors(tmp_path):
    texts, labels = tiny_corpus(80)
    rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
    data, vectors, out = (tmp_path / name for name in ("a.csv", "a.vec", "model"))
    data.write_text("text,label\n" + rows)
    vectors.write_text("good 1 2 3\nbad -1 -2 -3\n")
    done = run("train", data, "--vectors", vectors, "--out", out, "--epochs", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert "the embedding has their width, 3 (the preset's is " in done.stderr
    facts = json.loads(done.stdout)["training"]["vectors"]
    assert facts["words"] == 2 and f"{facts['token_share']:.1%} of the tokens" in done.stderr
    assert json.loads(run("info", out, "--json").stdout)["word vectors"] == facts

    vectors.write_text("good 1 2 3\nbad -1 -2\n")
    sentence = refused("train", data, "--vectors", vectors, "--out", tmp_path / "new")
    assert "a.vec, line 2: has a vector of 2 numbers, expected 3" in sentence
    assert not (tmp_path / "new").exists()
