"""How an imported model's texts become ids: its own TextVectorization, or a file beside it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from keras_files import whole_file, zipped

import bothways
from bothways import interop
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop import _keras_text

GOLDEN = Path(__file__).parents[1] / "golden"
ANSWERS = json.loads((GOLDEN / "keras_vectorized.json").read_text(encoding="utf-8"))
WORDS = [f"w{n}" for n in range(9)]


@pytest.mark.parametrize("name", ["keras_vectorized", "keras_vectorized_scores"])
def test_texts_are_answered_as_keras_with_tensorflow_did(name, tmp_path):
    masked = name == "keras_vectorized"
    interop.import_keras(GOLDEN / f"{name}.keras", tmp_path / "m", as_trained=not masked)
    model = bothways.load(tmp_path / "m")
    words = (
        ["good", "film", "été", "very", "book", "bad", "a"] if masked else ["good", "film", "bad"]
    )
    assert model.vectorizer.get_vocabulary() == ["", "[UNK]", *words]
    theirs = np.array(ANSWERS[name])
    ours = model.predict_proba(ANSWERS["texts"])
    if masked:
        np.testing.assert_allclose(ours[:, 1:], theirs, atol=1e-6, rtol=0)
    else:
        scores = np.exp(theirs)
        np.testing.assert_allclose(ours, scores / scores.sum(1, keepdims=True), atol=1e-6, rtol=0)


def test_a_vectorizer_inside_and_a_vocabulary_beside_it(tmp_path):
    (tmp_path / "words.txt").write_text("a\nb")
    for options in ({"vocabulary": tmp_path / "words.txt"}, {"length": 3}, {"split": "character"}):
        with pytest.raises(ArgumentError, match="has a TextVectorization of its own"):
            interop.import_keras(GOLDEN / "keras_vectorized.keras", tmp_path / "m", **options)


def test_a_length_that_a_vectorizer_leaves_open(tmp_path):
    """It may be given, and must be where answers depend on it."""
    with zipfile.ZipFile(GOLDEN / "keras_vectorized_scores.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = members["config.json"]
    assert config.count(b'"output_sequence_length": 5') == 1
    members["config.json"] = config.replace(b'_sequence_length": 5', b'_sequence_length": null')
    (tmp_path / "m.keras").write_bytes(zipped(members))
    with pytest.raises(ArtifactError, match="give it with --length"):
        interop.import_keras(tmp_path / "m.keras", tmp_path / "m", as_trained=True)
    interop.import_keras(tmp_path / "m.keras", tmp_path / "m", as_trained=True, length=5)
    interop.import_keras(
        GOLDEN / "keras_vectorized_scores.keras", tmp_path / "same", as_trained=True
    )
    models = [bothways.load(tmp_path / name) for name in ("m", "same")]
    one, other = (model.predict_proba(["good film"]) for model in models)
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "text",
    ["a\nb\u2028c\nd", "a\nb\u2028c\nd\n", "a\r\nb\u2028c\r\nd", "\n[UNK]\na\nb\u2028c\nd\n"],
)
def test_files_of_tokens(tmp_path, text):
    (tmp_path / "words.txt").write_bytes(text.encode())
    options = {"length": 4, "standardize": None, "split": "whitespace"}
    spec = _keras_text.from_file(tmp_path / "words.txt", **options)
    assert spec.vocabulary == ("", "[UNK]", "a", "b\u2028c", "d")
    assert (spec.output_sequence_length, spec.standardize) == (4, None)


@pytest.mark.parametrize(
    "name, data, part",
    [
        ("words.txt", b"a\nb\na\n", r"vocabulary\[4\] is 'a', expected no string twice"),
        ("words.txt", b"", "is '', expected no string twice"),
        ("words.txt", b"a\n\xff", "not UTF-8 at byte 2"),
        ("words.txt", b"[UNK]\na", "is '\\[UNK\\]', expected no string twice"),
        ("words.json", b"[]", "holds a list"),
        ("words.json", b'{"vocabulary": ["a"]}', "no vectorizer and vocabulary"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, name, data, part):
    (tmp_path / "m.keras").write_bytes(zipped(whole_file(WORDS)))
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=part) as caught:
        interop.import_keras(tmp_path / "m.keras", tmp_path / "out", vocabulary=tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_description_leaves_nothing_to_say(tmp_path):
    (tmp_path / "m.keras").write_bytes(zipped(whole_file(WORDS)))
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(ArgumentError, match="says how texts are read"):
        interop.import_keras(
            tmp_path / "m.keras", tmp_path / "out", vocabulary=tmp_path / "m.json", length=4
        )
