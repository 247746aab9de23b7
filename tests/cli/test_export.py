"""bothways export, as people type it."""

from __future__ import annotations

import json

from stock_keras import need_keras
from test_cli import refused, run


def test_wrong_usage(tiny_model, tmp_path):
    done = run("export", tiny_model, tmp_path / "m", "--to", "caffe")
    assert done.returncode == 2 and "--to: expected one of" in done.stderr
    done = run("export", tiny_model, tmp_path / "m")
    assert done.returncode == 2 and "--to" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_there_and_back(tiny_model, tmp_path, monkeypatch):
    need_keras()
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


def test_onnx_and_torch(tiny_model, tmp_path):
    (tmp_path / "texts.txt").write_text("good film\n\na bad book\n")
    begin = ("export", tiny_model)
    end = ("--sample", tmp_path / "texts.txt", "--json")
    for form, name in (("onnx", "m.onnx"), ("torch", "m.safetensors")):
        done = run(*begin, tmp_path / name, "--to", form, *end)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert seen["texts"] == 3 and seen["largest_difference"] < 1e-6
        assert seen["files"][0] == str(tmp_path / name)
    done = run(*begin, tmp_path / "m.safetensors", "--to", "torch")
    assert done.returncode == 1 and "is there already" in done.stderr and not done.stdout
    done = run(*begin, tmp_path / "m.safetensors", "--to", "torch", "--overwrite")
    assert done.returncode == 0 and "on 100 texts made of the vocabulary" in done.stderr
    assert done.stdout == (tmp_path / "m.py").read_text()


def test_a_state_dict_comes_back(tiny_model, tmp_path):
    run("export", tiny_model, tmp_path / "m.safetensors", "--to", "torch")
    done = run("import", tmp_path / "m.safetensors", "--out", tmp_path / "m", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["largest_difference"] < 1e-6
    done = run("import", tmp_path / "m.safetensors", "--out", tmp_path / "n", "--pooling", "max")
    assert done.returncode == 1 and "metadata say everything" in done.stderr
    done = run("import", tmp_path / "m.keras", "--out", tmp_path / "n", "--multilabel")
    assert done.returncode == 2 and "--multilabel is for a state dict" in done.stderr
    assert "expected a .keras file" in refused("import", tmp_path / "m.h5", "--out", tmp_path / "n")
    (tmp_path / "m.pt").write_bytes(b"PK\x03\x04" + b"x" * 50)
    done = run("import", tmp_path / "m.pt", "--out", tmp_path / "n")
    assert done.returncode == 1 and "safetensors.torch.save_file" in done.stderr
    assert not (tmp_path / "n").exists()
