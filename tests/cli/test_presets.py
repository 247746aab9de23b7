"""Recipes in the terminal: printed, changed, passed back."""

from __future__ import annotations

import json

from test_cli import refused, run

from bothways.training import PRESETS


def test_a_preset_is_printed_changed_and_passed_back(tmp_path):
    assert json.loads(run("presets", "--json").stdout).keys() == PRESETS.keys()
    header, *rows = run("presets").stdout.splitlines()
    assert header.split() == [*PRESETS]
    assert ["epochs", *(str(p.epochs) for p in PRESETS.values())] in [r.split() for r in rows]

    recipe = json.loads(run("presets", "classic").stdout)
    recipe |= {"name": "mine", "hidden_size": 3, "embedding_dim": 4, "epochs": 1}
    path, data = tmp_path / "mine.json", tmp_path / "data.csv"
    path.write_text(json.dumps(recipe))
    data.write_text("text,label\n" + "good,a\nbad,b\n" * 10)
    options = ("train", data, "--out", tmp_path / "m", "--preset", path)
    done = run(*options, "--json")
    assert json.loads(done.stdout)["training"]["recipe"] == recipe

    path.write_text(json.dumps({**recipe, "hiden_size": 3}))
    assert refused(*options, "--overwrite").startswith(
        f"bothways: {path}: 'hiden_size' is no field of a preset, expected name, max_tokens"
    )
