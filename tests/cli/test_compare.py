"""bothways compare."""

from __future__ import annotations

import json

from test_cli import refused, run

from conftest import tiny_corpus


def test_compare(tmp_path):
    data = tmp_path / "rows.csv"
    lines = [f"{text},{label}\n" for text, label in zip(*tiny_corpus(60), strict=True)]
    data.write_text("text,label\n" + "".join(lines))
    recipe = tmp_path / "small.json"
    recipe.write_text('{"name": "small", "embedding_dim": 4, "hidden_size": 3, "length": 12}')
    page = tmp_path / "page.html"
    done = run("compare", data, "--preset", recipe, "--seeds", 1, "--epochs", 1, "--test", 20,
               "--json", "--html", page)  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["train_texts"], document["test_texts"]) == (40, 20)
    masks = [variant["recipe"]["mask"] for variant in document["variants"]]
    assert masks == [True, True, False, False] and len(document["differences"]) == 6
    assert done.stderr.count("seed 0: ") == 4 and "Side by side" in page.read_text()
    assert "no preset 'quick'" in refused("compare", data, "--preset", "quick")
