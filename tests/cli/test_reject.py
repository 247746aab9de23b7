"""--reject-below, as people type it."""

from __future__ import annotations

import json

from test_cli import run

import bothways
from conftest import tiny_corpus


def test_uncertain_lines_are_unsure(tiny_model, tmp_path):
    texts, labels = tiny_corpus(30, seed=5)
    model = bothways.load(tiny_model)
    top = sorted(model.predict_proba(texts).max(axis=1).tolist())
    limit = (top[9] + top[10]) / 2  # ten are less probable
    lines = tmp_path / "texts.txt"
    lines.write_text("\n".join(texts) + "\n")
    printed = run("predict", tiny_model, lines, "--reject-below", limit).stdout.splitlines()
    names = model.predict(texts, reject_below=limit)
    assert [line.split("\t")[0] for line in printed] == [name or "unsure" for name in names]
    assert names.count(None) == 10
    document = json.loads(
        run("predict", tiny_model, lines, "--reject-below", limit, "--json").stdout
    )
    assert [item["label"] for item in document["predictions"]] == names

    data = tmp_path / "rows.csv"
    rows = "".join(f"{t},{x}\n" for t, x in zip(texts, labels, strict=True))
    data.write_text("text,label\n" + rows)
    done = run("evaluate", tiny_model, data, "--reject-below", limit, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["rejection"]
    right = sum(a == b for a, b in zip(names, labels, strict=True))
    assert found["answered"] == 20 and found["coverage"] == 20 / 30
    assert found["accuracy_of_answered"] == right / 20
    assert run("predict", tiny_model, lines, "--reject-below", "1.5").returncode == 2
