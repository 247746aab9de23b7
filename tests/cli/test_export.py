"""bothways export, as people type it."""

from __future__ import annotations

import json

from test_cli import refused, run


def test_wrong_usage(tiny_model, tmp_path):
    done = run("export", tiny_model, tmp_path / "m", "--to", "caffe")
    assert done.returncode == 2 and "--to: expected one of" in done.stderr
    done = run("export", tiny_model, tmp_path / "m")
    assert done.returncode == 2 and "--to" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_there_and_back(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    texts = tmp_path / "texts.txt"
    texts.write_text("good film\nbad\n\n")
    file = tmp_path / "m.keras"
    command = ("export", tiny_model, file, "--to", "keras", "--sample", texts)
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "Keras 3." in done.stderr and f"on 3 texts of {texts}" in done.stderr
    assert f"wrote {file}\nwrote {file}.json\n" in done.stderr and done.stdout == ""
    assert "is there already" in refused(*command)
    back = ("import", file, "--out", tmp_path / "back", "--vocabulary", f"{file}.json")
    document = json.loads(run(*back, "--labels", "neg,pos", "--json").stdout)
    assert document["texts"] == 100 and document["largest_difference"] < 1e-6
    first, again = (run("predict", m, stdin="good\nbad\n") for m in (tiny_model, tmp_path / "back"))
    assert first.stdout == again.stdout != ""
    assert "holds a model already" in refused(*back)
    assert "5 labels, expected 2" in refused(*back, "--overwrite", "--labels", "a,b,c,d,e")
    info = json.loads(run("info", tmp_path / "back", "--json").stdout)
    assert info["imported"]["source"] == "m.keras" and "trained" not in info
    small = run("compress", tmp_path / "back", "--out", tmp_path / "small", "--data", texts)
    assert small.returncode == 0, small.stderr
    reviews = tmp_path / "reviews.csv"
    reviews.write_text("text,label\ngood,pos\nbad,neg\n" * 8)
    assert "states no recipe; give a preset" in refused(
        *("train", reviews, "--from", tmp_path / "back", "--out", tmp_path / "n")
    )


def test_import_wrong_usage(tmp_path):
    done = run("import", tmp_path / "m.keras", "--out", tmp_path / "m", "--text", "t")
    assert done.returncode == 2 and "--sample, which was not given" in done.stderr
    sentence = refused("import", tmp_path / "m.keras", "--out", tmp_path / "m")
    assert "m.keras: it cannot be opened (No such file" in sentence
