"""Layers that differ, in the folder of a model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bothways.artifact import LayerSpec, NetworkSpec, card, load, save
from bothways.errors import ArtifactError

LOWER = (LayerSpec(4, True, "sum"), LayerSpec(3, False, "concat"))


@pytest.fixture
def spec(make_spec):
    spec = make_spec(layers=3)
    training = {"imported": {"program": "Keras 3.15.1", "source": "m.keras"}}
    network = replace(spec.network, lower_layers=LOWER)
    return replace(spec, network=network, training=training, quality={})


def test_written_and_read(spec, make_tensors, tmp_path):
    tensors = make_tensors(spec)
    save(tmp_path / "m", spec, tensors, card(spec))
    again, read = load(tmp_path / "m")
    assert again == spec and again.format_version == 3
    assert again.network.stack == (*LOWER, LayerSpec(2, True, "concat"))
    assert {name: t.shape for name, t in read.items()} == spec.tensor_shapes
    text = (tmp_path / "m" / "README.md").read_text()
    assert "3 LSTM layers of 4 (both directions, sum), 3 (one direction), 2 (both" in text
    assert "trained by | Keras 3.15.1, imported from m.keras" in text


def test_layers_that_are_alike_are_written_as_before(make_spec):
    spec = make_spec(layers=2)
    assert spec.format_version == 2
    assert spec.network.stack == (LayerSpec(2, True, "concat"),) * 2


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"lower_layers": LOWER}, "lower_layers is .* expected none or 0 layers"),
        ({"lower_layers": LOWER, "layers": 2}, "none or 1"),
        ({"lower_layers": "ab", "layers": 3}, "none or 2"),
        ({"lower_layers": [LOWER[0], {"hidden_size": 3}], "layers": 3}, "'bidirectional', 'hidd"),
        ({"lower_layers": [5], "layers": 2}, "a layer of network.lower_layers is 5"),
        ({"zero_under": 3}, "zero_under is 3, expected 0 without the pooling 'max'"),
        ({"zero_under": -1, "pooling": "max"}, "zero_under is -1"),
    ],
)
def test_what_cannot_be(changes, part):
    base = {"embedding_dim": 3, "hidden_size": 2, "bidirectional": True, "merge": "concat"}
    with pytest.raises(ArtifactError, match=part):
        NetworkSpec(**{**base, "pooling": "last", "outputs": 1, **changes})


@pytest.mark.parametrize("values", [(0, True, "sum"), (2, 1, "sum"), (2, True, None)])
def test_what_a_layer_cannot_be(values):
    with pytest.raises(ArtifactError, match="a layer's"):
        LayerSpec(*values)


def test_a_file_that_names_other_fields_is_refused(spec, make_tensors, tmp_path):
    from hashlib import sha256

    save(tmp_path / "m", spec, make_tensors(spec), card(spec))
    path = tmp_path / "m" / "spec.json"
    document = json.loads(path.read_text())
    document["network"]["lower_layers"][0]["units"] = 3
    del document["sha256"]
    body = b'",' + json.dumps(document).removeprefix("{").encode()
    path.write_bytes(b'{"sha256": "' + sha256(body).hexdigest().encode() + body)
    with pytest.raises(ArtifactError, match=r"a layer of network\.lower_layers is {'hidden"):
        load(tmp_path / "m")
