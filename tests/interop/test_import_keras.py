"""A model that stock Keras saved answers here as it does there."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from keras_files import zipped

import bothways
from bothways import interop
from bothways.errors import ArgumentError, ArtifactError

LENGTH = 20
MERGES = ("concat", "sum", "mul", "ave")
NO_MASK = ("no_mask", "no_mask_maximum", "no_mask_mean")
OTHERS = {
    "functional": "NaN to a text without a token",
    **dict.fromkeys(("maximum", "sum_maximum", "zeros_maximum"), "the zeros behind it"),
    "one_way_maximum": "",
    "mean": "NaN to a text without a token",
    **dict.fromkeys(NO_MASK, "no mask"),
    "no_bias": "",
    "several": "",
    "scores": "before a sigmoid",
    "several_scores": "before a sigmoid",
}


def brought(keras_models, name, out, **options):
    """The imported model, and what was told."""
    options = {"length": LENGTH, "as_trained": name in NO_MASK, **options}
    told = interop.import_keras(
        *(keras_models / f"{name}.keras", out),
        vocabulary=keras_models / "vocabulary.txt",
        **options,
    )
    return bothways.load(out), told


def probabilities(keras_models, name):
    """What Keras answered, as the probability of each label."""
    answers = np.load(keras_models / f"{name}.npy").astype(np.float64)
    if name.endswith("scores"):
        answers = 1 / (1 + np.exp(-answers))
    return np.concatenate([1 - answers, answers], axis=1) if answers.shape[1] == 1 else answers


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("merge", MERGES)
def test_every_merge_and_depth(keras_models, read_texts, tmp_path, merge, layers):
    name = f"{merge}_{layers}"
    model, told = brought(keras_models, name, tmp_path / "m", texts=read_texts)
    theirs = probabilities(keras_models, name)
    assert theirs.shape == (1_000, 2) and np.ptp(theirs[:, 1]) > 0.005
    np.testing.assert_allclose(model.predict_proba(read_texts), theirs, atol=1e-6, rtol=0)
    assert told.seen.texts == 1_000 and told.seen.largest_difference < 1e-6
    assert model.spec.network.merge == merge and model.spec.network.layers == layers


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_part(keras_models, read_texts, tmp_path, name):
    model, told = brought(keras_models, name, tmp_path / "m", texts=read_texts)
    theirs, ours = probabilities(keras_models, name), model.predict_proba(read_texts)
    if name in ("mean", "functional"):  # Keras divides by no tokens
        nothing = np.isnan(theirs).all(axis=1)
        assert nothing[0] and told.seen.texts == 1_000 - nothing.sum() > 900
        assert np.isfinite(ours).all()
        theirs, ours = theirs[~nothing], ours[~nothing]
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)
    assert OTHERS[name] in " ".join(told.notes)
    assert model.spec.network.multilabel == name.startswith("several")
    assert model.labels == [str(n) for n in range(theirs.shape[1])]


def test_made_texts_do_without_a_sample(keras_models, tmp_path):
    model, told = brought(keras_models, "concat_2", tmp_path / "m", labels=["no", "yes"])
    assert told.seen.texts == 100 and told.seen.largest_difference < 1e-6
    assert model.labels == ["no", "yes"]
    assert model.spec.training["imported"]["source"] == "concat_2.keras"
    assert model.spec.training["imported"]["program"].startswith("Keras 3.")
    assert model.spec.format_version == 3 and model.spec.network.lower_layers[0].hidden_size == 6


def test_what_is_missing_is_said(keras_models, tmp_path):
    file, vocabulary = keras_models / "no_mask.keras", keras_models / "vocabulary.txt"
    options = {"vocabulary": vocabulary}
    for name, given, part in (
        ("concat_1", {"vocabulary": None}, "--vocabulary FILE"),
        ("no_mask", {}, r"mask_zero=False.* filling every text up to --length"),
        ("no_mask_maximum", {}, r"filling every text up to 20 tokens"),
        ("no_mask", {"as_trained": True}, "how long its texts were filled up.*--length"),
        ("maximum", {}, "zeros behind a text too.*--length"),
    ):
        file = keras_models / f"{name}.keras"
        with pytest.raises(ArtifactError, match=part) as caught:
            interop.import_keras(file, tmp_path / "m", **{**options, **given})
        assert str(caught.value).startswith(str(file)) and "\n" not in str(caught.value)
    for name, given, part in (
        ("concat_1", {"as_trained": True}, "has a mask"),
        ("sum_maximum", {"length": 9}, "reads 20 ids of a text, and the length given is 9"),
        ("concat_1", {"labels": ["a"]}, "got 1 labels, expected 2"),
        ("no_bias", {"labels": ["a", "b"]}, "got 2 labels, expected 3"),
        ("concat_1", {"texts": []}, "no texts"),
        ("mean", {"texts": ["", " "]}, "have no token"),
        ("concat_1", {"length": 0}, "length must be"),
    ):
        with pytest.raises(ArgumentError, match=part):
            interop.import_keras(
                keras_models / f"{name}.keras", tmp_path / "m", **{**options, **given}
            )
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_is_another_one(keras_models, tmp_path):
    with zipfile.ZipFile(keras_models / "functional.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def refused(change):
        document = json.loads(members["config.json"])
        layers = {layer["class_name"]: layer for layer in document["config"]["layers"]}
        change(layers, layers["Bidirectional"]["inbound_nodes"][0]["kwargs"])
        config = json.dumps(document).encode()
        (tmp_path / "m.keras").write_bytes(zipped({**members, "config.json": config}))
        with pytest.raises(ArtifactError) as caught:
            interop.import_keras(
                *(tmp_path / "m.keras", tmp_path / "out"),
                vocabulary=keras_models / "vocabulary.txt",
                as_trained=not layers["Embedding"]["config"]["mask_zero"],
            )
        return str(caught.value)

    def compared_with(value):
        return lambda layers, call: layers["NotEqual"]["inbound_nodes"][0]["args"].__setitem__(
            1, value
        )

    def history(name):
        return lambda layers, call: call["mask"]["config"].update(keras_history=[name, 0, 0])

    def unmasked(layers, call):
        layers["Embedding"]["config"]["mask_zero"] = False

    assert "compares with something else than zero" in refused(compared_with(7))
    assert "compares with something else than zero" in refused(compared_with(False))
    for change in (history("dense"), history("nobody"), unmasked):
        assert "a mask that is not that of the Embedding" in refused(change)
