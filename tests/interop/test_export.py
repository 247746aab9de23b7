"""What every form of export has in common, with a form of its own."""

from __future__ import annotations

import numpy as np
import pytest

import bothways
from bothways import interop
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop import _export, _sample

apart = 0.0
asked: list[list[str]] = []


def encode(spec, tensors, name):
    assert tensors.keys() == spec.tensor_shapes.keys()
    return {"words.txt": "\n".join(spec.vectorizer.vocabulary).encode(), name: b"weights"}


def answer(files, name, model, texts):
    asked.append(list(texts))
    answers = model.predict_proba(texts).astype(np.float64)
    answers[-1, 0] += apart
    return answers, "the test 1.0"


@pytest.fixture(autouse=True)
def form(monkeypatch):
    """This module as a form of export."""
    monkeypatch.setitem(_export.FORMS, "test", __name__)
    asked.clear()


def differing(monkeypatch, by):
    monkeypatch.setitem(globals(), "apart", by)


def test_files_appear_after_the_comparison(tiny_model, tmp_path, monkeypatch):
    differing(monkeypatch, 2e-6)
    seen, paths = interop.export(
        tiny_model, tmp_path / "m.test", to="test", texts=["good", "bad", ""]
    )
    assert seen.largest_difference == pytest.approx(2e-6)
    assert (seen.texts, seen.answered_by) == (3, "the test 1.0")
    assert paths == [str(tmp_path / "words.txt"), str(tmp_path / "m.test")]
    assert (tmp_path / "m.test").read_bytes() == b"weights"
    assert (tmp_path / "words.txt").read_text().split("\n")[1] == "[UNK]"


@pytest.mark.parametrize("by", [2e-5, -1.0, float("nan"), float("inf")])
def test_other_answers_are_refused(tiny_model, tmp_path, monkeypatch, by):
    differing(monkeypatch, by)
    with pytest.raises(ArtifactError, match=r"the test 1\.0 differs .* on text 2 of 2, .* nothing"):
        interop.export(tiny_model, tmp_path / "m.test", to="test", texts=["good", "bad"])
    assert list(tmp_path.iterdir()) == []


def test_files_are_replaced_when_asked(tiny_model, tmp_path):
    (tmp_path / "words.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"words\.txt: is there already"):
        interop.export(tiny_model, tmp_path / "m.test", to="test")
    assert [p.name for p in tmp_path.iterdir()] == ["words.txt"] and not asked
    interop.export(tiny_model, tmp_path / "m.test", to="test", overwrite=True)
    assert (tmp_path / "words.txt").read_text() != "mine"


def test_bad_arguments(tiny_model, tmp_path):
    with pytest.raises(ArgumentError, match="no form 'caffe'"):
        interop.export(tiny_model, tmp_path / "m", to="caffe")
    with pytest.raises(ArgumentError, match="no texts"):
        interop.export(tiny_model, tmp_path / "m", to="test", texts=[])
    with pytest.raises(ArtifactError, match="no such folder"):
        interop.export(tiny_model, tmp_path / "none" / "m", to="test")


def test_texts_are_made_of_the_vocabulary(tiny_model, tmp_path):
    interop.export(tiny_model, tmp_path / "m.test", to="test")
    (texts,) = asked
    model = bothways.load(tiny_model)
    ids, truncation = model.vectorizer.encode(texts)
    assert len(texts) == 100 and len(ids[0]) == 0 and ids[1].tolist() == [1]
    assert truncation.cut_texts == 1
    assert set(ids.values.tolist()) == set(range(1, model.vectorizer.vocabulary_size))


def test_a_sample_comes_from_all_over_the_texts():
    texts = [str(n) for n in range(2_500)]
    sample = _sample.spread(texts)
    assert len(sample) == len(set(sample)) == 1_000
    assert sample[:3] == ["0", "2", "5"] and sample[-1] == "2497"
    assert _sample.spread(texts[:3]) == texts[:3]
