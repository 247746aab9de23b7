"""A model whose spec changes keeps its weights, or everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bothways import artifact
from bothways.artifact import _respec
from bothways.errors import ArtifactError


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["f32", "int8"])
def folder(request, spec, tensors, tmp_path):
    stored = replace(spec, storage=request.param)
    extras = {"history.jsonl": b"{}\n"}
    artifact.save(tmp_path / "m", stored, tensors, "# A card\n", extras=extras)
    return tmp_path / "m"


def with_threshold(spec):
    return replace(spec, thresholds={"pos": 0.25})


def test_only_the_spec_and_the_card_change(folder):
    before, (spec, tensors) = contents(folder), artifact.load(folder)
    artifact.respec(folder, with_threshold, lambda card: card + "more\n")
    after, (new, same) = contents(folder), artifact.load(folder)
    assert new == with_threshold(spec)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(same[name], tensor)
    assert after.pop("README.md") == b"# A card\nmore\n"
    assert after.pop("spec.json") != before["spec.json"]
    for name, data in after.items():
        assert data == before[name]


def test_a_failure_leaves_the_old_one(folder, monkeypatch):
    before = contents(folder)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_respec, "write_folder", full)
    with pytest.raises(ArtifactError, match=r"could not be written .No space left on device."):
        artifact.respec(folder, with_threshold, str)
    with pytest.raises(ArtifactError, match="thresholds"):
        artifact.respec(folder, lambda spec: replace(spec, thresholds={"x": 1.0}), str)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["m"]


def test_a_damaged_model_is_not_made_whole(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\xff")
    before = contents(folder)
    with pytest.raises(ArtifactError, match=r"model.safetensors: .*damaged"):
        artifact.respec(folder, with_threshold, str)
    assert contents(folder) == before
