"""Models on the Hugging Face Hub: a folder there and back, asked for with the hub's own client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from fake_hub import TOKEN, fake_hub

import bothways
from bothways import Model
from bothways.errors import ArgumentError, ArtifactError
from conftest import tiny_corpus

PROGRAM = """
import json, sys
from bothways import Model
from bothways.errors import BothwaysError
folder, cache, token = sys.argv[1:]

def refused(do):
    try:
        do()
    except BothwaysError as error:
        return f"{type(error).__name__}: {error}"

here = Model.load(folder)
fetch = lambda name, **options: Model.from_pretrained(name, cache_dir=cache, **options)
done = {"commit": here.push_to_hub("me/my-model", private=True, token=token)}
there = fetch("me/my-model")
texts = ["good film", ""]
done["same"] = (there.predict_proba(texts) == here.predict_proba(texts)).all()
done["spec"] = there.spec == here.spec
done["again"] = there.push_to_hub("me/copy", token=token)
done["refused"] = [refused(do) for do in (
    lambda: here.push_to_hub("me/other", token="hf_wrong"),
    lambda: fetch("me/none"),
    lambda: fetch("me/my-model", revision="v2"),
    lambda: fetch("no/such/folder"),
    lambda: fetch("me/broken"),
)]
print(json.dumps(done, default=bool))
"""


@pytest.fixture(scope="module")
def hub(tiny_model, tmp_path_factory):
    """What was done with a hub: the hub, and what the program saw."""
    place = tmp_path_factory.mktemp("hub")
    folder = shutil.copytree(tiny_model, place / "model")
    (folder / "private-notes.json").write_text("{}")  # not of the model
    environment = {
        **os.environ,
        "HF_HOME": str(place / "home"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    with fake_hub() as server:
        server.repositories["me/broken"] = {"spec.json": b"{}", "README.md": b"", "a.bin": b""}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder), str(place / "cache"), TOKEN],
            env={**environment, "HF_ENDPOINT": server.url},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr[-3000:] + "\n".join(server.asked)
    return server, json.loads(done.stdout)


def test_a_model_comes_back_as_it_went(hub, tiny_model):
    server, done = hub
    assert done["same"] and done["spec"]
    assert done["commit"].startswith(f"{server.url}/me/my-model/commit/")
    uploaded = server.repositories["me/my-model"]
    assert uploaded == {path.name: path.read_bytes() for path in tiny_model.iterdir()}
    assert server.private == {"me/my-model": True, "me/copy": False}


def test_only_files_of_the_model_go_and_come(hub):
    server, _ = hub
    files = {"spec.json", "model.safetensors", "README.md", "history.jsonl"}
    assert set(server.repositories["me/my-model"]) == set(server.repositories["me/copy"]) == files
    assert not any("a.bin" in line for line in server.asked)


def test_what_the_hub_refuses_is_one_sentence(hub):
    _, done = hub
    wrong, none, revision, name, broken = done["refused"]
    for sentence in done["refused"]:
        assert sentence.startswith("ArtifactError: ") and "\n" not in sentence
        assert TOKEN not in sentence and "hf_wrong" not in sentence
    assert "me/other: " in wrong and "401" in wrong
    assert "me/none: " in none and "404" in none
    assert "me/my-model: " in revision and "404" in revision
    assert "no/such/folder: " in name and "spec.json: " in broken


def test_a_folder_needs_no_hub(tiny_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    texts = tiny_corpus(20, seed=4)[0]
    here = Model.from_pretrained(tiny_model)
    assert (here.predict_proba(texts) == bothways.load(tiny_model).predict_proba(texts)).all()
    assert here.folder == str(tiny_model)
    with pytest.raises(ArgumentError, match="is a folder, which has no revision 'v2'"):
        Model.from_pretrained(tiny_model, revision="v2")


def test_what_cannot_be_pushed(tiny_model, tiny_classifier, tmp_path):
    with pytest.raises(ArgumentError, match="in memory alone: save it"):
        tiny_classifier.model_.push_to_hub("me/my-model")
    folder = tmp_path / "m"
    shutil.copytree(tiny_model, folder)
    model = bothways.load(folder)
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match=r"model\.safetensors: "):
        model.push_to_hub("me/my-model")
    shutil.rmtree(folder)
    with pytest.raises(ArtifactError, match="no such model folder"):
        model.push_to_hub("me/my-model")
