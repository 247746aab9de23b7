"""A graph in ONNX Runtime gives what the runtime gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from networks import KINDS, LOWER, TEXTS, made

import bothways
from bothways import interop
from bothways.errors import ArtifactError
from bothways.interop import _onnx
from bothways.runtime import Model
from bothways.text import TextVectorizer

onnxruntime = pytest.importorskip("onnxruntime")


def session(files):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(files["m.onnx"], options)


def batch(model, texts, width=12, filling=0):
    ids, _ = model.vectorizer.encode(texts)
    padded, mask = ids.to_padded(width)
    padded = np.where(mask, padded, filling).astype(np.int32)
    return {"ids": padded, "lengths": ids.lengths.astype(np.int32)}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("mask", [True, False])
def test_every_network(kind, mask):
    spec, tensors = made(kind, mask=mask, outputs=1 + 2 * (kind[3] % 2), temperature=1.3)
    model = Model(spec, tensors)
    ours = model.predict_proba(TEXTS)
    assert ours.std(axis=0).max() > 3e-3
    runs = session(_onnx.encode(spec, tensors, "m.onnx"))
    # What stands in the padding is not read, were it no id at all.
    given = batch(model, TEXTS, filling=-99)
    (together,) = runs.run(None, given)
    np.testing.assert_allclose(together, ours, rtol=0, atol=1e-6)
    for n in range(len(TEXTS)):
        alone = {"ids": given["ids"][[n], : given["lengths"][n]], "lengths": given["lengths"][[n]]}
        np.testing.assert_allclose(runs.run(None, alone)[0], ours[[n]], rtol=0, atol=1e-6)
    # ONNX Runtime alone would abort the process here.
    none = {"ids": given["ids"][:0], "lengths": given["lengths"][:0]}
    assert runs.run(None, none)[0].shape == (0, len(spec.labels))


@pytest.mark.parametrize("lower", LOWER, ids=str)
@pytest.mark.parametrize("mask", [True, False])
def test_layers_that_differ(lower, mask):
    spec, tensors = made(KINDS[len(lower) + 2], lower=lower, mask=mask)
    model = Model(spec, tensors)
    (theirs,) = session(_onnx.encode(spec, tensors, "m.onnx")).run(None, batch(model, TEXTS))
    np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)


def test_a_maximum_that_is_at_least_zero_in_short_texts():
    answers = {}
    for zero_under in (0, 4):
        spec, tensors = made((True, "concat", "max", 1), zero_under=zero_under)
        model = Model(spec, tensors)
        (theirs,) = session(_onnx.encode(spec, tensors, "m.onnx")).run(None, batch(model, TEXTS))
        np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)
        answers[zero_under] = theirs
    other = np.abs(answers[0] - answers[4]).max(axis=1) > 1e-3
    assert other[2] and not other[[0, 1, 3, 4, 5]].any()


def test_several_labels():
    spec, tensors = made(KINDS[10], outputs=3, multilabel=True)
    model = Model(spec, tensors)
    (theirs,) = session(_onnx.encode(spec, tensors, "m.onnx")).run(None, batch(model, TEXTS))
    np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)
    assert np.abs(theirs.sum(axis=1) - 1).max() > 0.1


def test_lengths_that_lie_are_refused():
    spec, tensors = made(KINDS[0])
    given = batch(Model(spec, tensors), TEXTS)
    given["lengths"][0] = 13
    with pytest.raises(Exception, match="sequence_lens"):
        session(_onnx.encode(spec, tensors, "m.onnx")).run(None, given)


def test_the_file_and_what_lies_beside_it(tiny_model, tmp_path):
    texts = ["good film", "", "a bad book", "BAD! unheard-of"]
    seen, paths = interop.export(tiny_model, tmp_path / "m.onnx", to="onnx", texts=texts)
    assert paths == [str(tmp_path / "m.onnx"), str(tmp_path / "m.onnx.json")]
    assert seen.answered_by == f"ONNX Runtime {onnxruntime.__version__}"
    assert 0 <= seen.largest_difference < 1e-6 and seen.texts == 4
    model = bothways.load(tiny_model)
    runs = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    (theirs,) = runs.run(["probabilities"], batch(model, texts))
    np.testing.assert_allclose(theirs, model.predict_proba(texts), rtol=0, atol=1e-6)
    kept = runs.get_modelmeta().custom_metadata_map["bothways"]
    assert kept == (tmp_path / "m.onnx.json").read_text(encoding="utf-8")
    document = json.loads(kept)
    assert document["labels"] == ["neg", "pos"]
    assert document["vocabulary"] == model.vectorizer.get_vocabulary()
    for example in document["examples"]:
        ids, _ = model.vectorizer.encode([example["text"]])
        assert ids[0].tolist() == example["ids"]
        ours = model.predict_proba([example["text"]])[0]
        np.testing.assert_allclose(ours, example["probabilities"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "standardize", ["lower_and_strip_punctuation", "lower_and_split_at_punctuation"]
)
def test_the_program_of_the_guide(shared_data, standardize, tmp_path, monkeypatch):
    """It finds the ids of 1,000 reviews by either rule of the presets."""
    parquet = pytest.importorskip("pyarrow.parquet")
    column = parquet.read_table(shared_data / "imdb_train.parquet", columns=["text"])["text"]
    texts = column.to_pylist()[::25]
    words = TextVectorizer(3_000, standardize=standardize).adapt(texts).get_vocabulary()
    spec, tensors = made(KINDS[0], vocabulary=tuple(words), standardize=standardize)
    for name, data in _onnx.encode(spec, tensors, "my-model.onnx").items():
        (tmp_path / name).write_bytes(data)
    guide = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(import json\nimport re\n.*?)^```", guide, re.S | re.M)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(program, found)
    ids = Model(spec, tensors).vectorizer.encode_whole(texts)
    assert len(texts) == 1_000
    assert [found["ids_of"](text) for text in texts] == [ids[n].tolist() for n in range(1_000)]


def test_another_graph_is_not_written(tiny_model, tmp_path, monkeypatch):
    """A mistake in the graph is found before there is a file."""
    monkeypatch.setattr("bothways.interop._onnx_graph._GATES", [0, 1, 2, 3])
    with pytest.raises(ArtifactError, match=r"ONNX Runtime .* differs from the model by"):
        interop.export(tiny_model, tmp_path / "m.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_no_file_can_hold(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(_onnx, "_LARGEST", 1_000)
    with pytest.raises(ArtifactError, match=r"bytes, and an ONNX file holds at most 1,000"):
        interop.export(tiny_model, tmp_path / "m.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []
