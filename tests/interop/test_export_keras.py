"""A model that leaves as a Keras file answers the same in stock Keras, and when it comes back."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from keras_files import zipped
from stock_keras import run_keras

import bothways
from bothways import artifact, interop
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop import _keras_read, _keras_run, _keras_write
from conftest import tiny_corpus

LENGTH = 20
MERGES = ("concat", "sum", "mul", "ave")
CAME = (
    *(f"{merge}_{layers}" for merge in MERGES for layers in (1, 2, 3)),
    *("functional", "sum_maximum", "zeros_maximum", "one_way_maximum", "mean", "no_bias"),
    *("no_mask", "no_mask_maximum", "no_mask_mean", "several", "several_scores"),
)
# Ours, none of which a layer of Keras pools as it is meant, but for the last state.
OURS = {
    f"{pooling}_{'both' if both else 'one'}": {"pooling": pooling, "bidirectional": both}
    for pooling in ("last", "mean", "max")
    for both in (True, False)
}


def own(vocabulary, pooling, bidirectional):
    """A model with a temperature and three labels."""
    rng = np.random.default_rng(5)
    merge = "sum" if bidirectional else "concat"
    network = NetworkSpec(5, 4, bidirectional, merge, pooling, 3, layers=2)
    words = ("", "[UNK]", *vocabulary)
    how = ("lower_and_strip_punctuation", "whitespace", LENGTH, False)
    text = VectorizerSpec(None, *how, words)
    spec = Spec("classification", ("a", "b", "c"), text, network, temperature=1.7)
    shapes = spec.tensor_shapes
    tensors = {k: rng.normal(0, 0.7, s).astype(np.float32) for k, s in shapes.items()}
    return spec, tensors


def as_came(keras_models, name):
    """The spec and the tensors of a model that Keras made; others test what it answers here."""
    options = _keras_read.Options(
        vocabulary=keras_models / "vocabulary.txt",
        length=LENGTH,
        as_trained=name.startswith("no_mask"),
    )
    read = _keras_read.read_keras(keras_models / f"{name}.keras", options)
    return read.spec, read.tensors


@pytest.fixture(scope="module")
def gone(keras_models, vocabulary, padded, tmp_path_factory):
    """The models after they left, as Keras opened them: by name, the spec and the answers."""
    folder = tmp_path_factory.mktemp("gone")
    np.save(folder / "ids.npy", padded)
    models = {name: as_came(keras_models, name) for name in CAME}
    models |= {name: own(vocabulary, **options) for name, options in OURS.items()}
    for name, model in models.items():
        files = _keras_write.encode(*model, f"{name}.keras")
        (folder / f"{name}.keras").write_bytes(files[f"{name}.keras"])
    run_keras("open", folder)
    return {name: (*model, np.load(folder / f"{name}.npy")) for name, model in models.items()}


@pytest.mark.parametrize("name", CAME)
def test_keras_to_bothways_to_keras(keras_models, gone, read_texts, name):
    spec, _, again = gone[name]
    first = np.load(keras_models / f"{name}.npy").astype(np.float64)
    if name == "several_scores":
        first = 1 / (1 + np.exp(-first))
    empty = np.isnan(first).all(axis=1)
    of_nothing = sum(not text.strip() for text in read_texts)  # their mean is NaN to Keras
    assert empty.sum() == of_nothing * (spec.network.pooling == "mean" and spec.network.mask)
    np.testing.assert_allclose(again[~empty], first[~empty], atol=1e-6, rtol=0)
    assert np.isfinite(again).all()


@pytest.mark.parametrize("name", OURS)
def test_bothways_to_keras(gone, read_texts, name):
    spec, tensors, answers = gone[name]
    ours = bothways.Model(spec, tensors).predict_proba(read_texts)
    assert np.ptp(ours, axis=0).max() > 0.05
    np.testing.assert_allclose(answers, ours, atol=1e-6, rtol=0)  # the first text is empty


@pytest.mark.parametrize("name", OURS)
def test_what_left_comes_back(vocabulary, tmp_path, name):
    spec, tensors = own(vocabulary, **OURS[name])
    if "max" in name:  # Keras has no such rule, but the file beside the model has
        rule = {"standardize": "lower_and_split_at_punctuation"}
        spec = replace(spec, vectorizer=replace(spec.vectorizer, **rule))
    files = _keras_write.encode(spec, tensors, "m.keras")
    for other, data in files.items():
        (tmp_path / other).write_bytes(data)
    told = interop.import_keras(
        *(tmp_path / "m.keras", tmp_path / "again"),
        vocabulary=tmp_path / "m.keras.json",
        labels=["a", "b", "c"],
    )
    again, weights = artifact.load(tmp_path / "again")
    assert again.network == spec.network
    assert again.vectorizer == spec.vectorizer and told.notes == []
    for name, tensor in tensors.items():
        hot = spec.temperature if name.startswith("dense") else 1
        np.testing.assert_allclose(weights[name] * hot, tensor, rtol=1e-6)


def test_the_same_model_has_the_same_bytes(vocabulary):
    model = own(vocabulary, **OURS["max_both"])
    first, again = (_keras_write.encode(*model, "m.keras") for _ in range(2))
    assert first == again


def test_the_names_it_may_have(vocabulary):
    with pytest.raises(ArgumentError, match=r"m\.h5: is a Keras file, expected a name .* \.keras"):
        _keras_write.encode(*own(vocabulary, **OURS["last_one"]), "m.h5")


def test_without_keras_the_file_is_computed(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(_keras_run, "_BACKENDS", ())
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    texts, _ = tiny_corpus()
    seen, paths = interop.export(tiny_model, tmp_path / "m.keras", to="keras", texts=texts)
    assert "plain NumPy (Keras is not installed)" in seen.answered_by
    assert seen.texts == len(texts) and seen.largest_difference < 1e-6
    assert paths == [str(tmp_path / "m.keras"), str(tmp_path / "m.keras.json")]
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
    assert json.loads((tmp_path / "m.keras.json").read_text())["labels"] == ["neg", "pos"]


@pytest.mark.parametrize("name", ["max_both", "mean_one"])
@pytest.mark.parametrize(
    "change, part",
    [
        # The padding is that of other ids, or of none.
        (lambda by: by["padding"]["config"].update(mask_zero=True), "padding apart"),
        (lambda by: by["padding"]["config"].update(input_dim=3), "padding apart"),
        (lambda by: by["embedding"]["config"].update(mask_zero=False), "padding apart"),
        # The pooling is that of the layer below the last.
        (lambda by: by["dense"].update(inbound_nodes=by["layer_1"]["inbound_nodes"]), "expected"),
    ],
)
def test_pooling_that_only_looks_like_ours(vocabulary, tmp_path, name, change, part):
    files = _keras_write.encode(*own(vocabulary, **OURS[name]), "m.keras")
    (tmp_path / "m.keras.json").write_bytes(files["m.keras.json"])
    with zipfile.ZipFile(io.BytesIO(files["m.keras"])) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    document = json.loads(members["config.json"])
    change({layer["name"]: layer for layer in document["config"]["layers"]})
    members["config.json"] = json.dumps(document).encode()
    (tmp_path / "m.keras").write_bytes(zipped(members))
    words = tmp_path / "m.keras.json"
    with pytest.raises(ArtifactError, match=part):
        interop.import_keras(tmp_path / "m.keras", tmp_path / "again", vocabulary=words)
    assert not (tmp_path / "again").exists()


def test_padding_must_be_put_down_and_tokens_not(vocabulary, tmp_path, monkeypatch):
    monkeypatch.setattr(_keras_write, "DOWN", 0.5)
    files = _keras_write.encode(*own(vocabulary, **OURS["max_both"]), "m.keras")
    for other, data in files.items():
        (tmp_path / other).write_bytes(data)
    with pytest.raises(ArtifactError, match="do not tell tokens from padding"):
        interop.import_keras(
            tmp_path / "m.keras", tmp_path / "again", vocabulary=tmp_path / "m.keras.json"
        )
