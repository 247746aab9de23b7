"""From a folder to a smaller one: its size, its answers, and what its card says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

import bothways
from bothways import artifact
from bothways.compression import change, shrink
from bothways.errors import ArgumentError, ArtifactError, DataError
from conftest import tiny_corpus


def size(folder):
    return sum(path.stat().st_size for path in Path(folder).iterdir())


def wordy(folder, words=400):
    """A model with that many words, whose weights are as random as those of any other."""
    spec, tensors = artifact.load(folder)
    rng = np.random.default_rng(3)
    vocabulary = tuple(spec.vectorizer.vocabulary)
    vocabulary += tuple(f"word{n}" for n in range(words - len(vocabulary)))
    table = rng.normal(size=(words, spec.network.embedding_dim)).astype(np.float32)
    table[: len(tensors["embedding.weight"])] = tensors["embedding.weight"]
    spec = replace(spec, vectorizer=replace(spec.vectorizer, vocabulary=vocabulary))
    return spec, {**tensors, "embedding.weight": table}


@pytest.fixture(scope="module")
def large(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large") / "model"
    spec, tensors = wordy(tiny_model)
    artifact.save(folder, spec, tensors, artifact.card(spec))
    return folder


def test_the_folder_is_the_largest_that_fits(large, tmp_path):
    """Whatever the size: not above it, and by less than a word and the figures below it."""
    texts, labels = tiny_corpus(40, seed=5)
    kept = []
    for limit in (6_000, 7_501, 9_999):
        out = tmp_path / str(limit)
        facts = bothways.compress(large, out, max_size=limit, texts=texts, labels=labels)
        assert facts["bytes"] == size(out) <= limit
        assert limit - size(out) < 200
        assert facts["tokens"] == len(bothways.load(out).vectorizer.get_vocabulary())
        kept.append(facts["tokens"])
    assert 2 < kept[0] < kept[1] < kept[2] < 400


def test_without_a_size_every_word_is_kept(large, tmp_path):
    facts = bothways.compress(large, tmp_path / "out")
    before, after = bothways.load(large), bothways.load(tmp_path / "out")
    assert after.vectorizer.get_vocabulary() == before.vectorizer.get_vocabulary()
    assert facts["bytes"] < 0.6 * facts["bytes_before"]
    texts, _ = tiny_corpus(40, seed=5)
    apart = np.abs(after.predict_proba(texts) - before.predict_proba(texts))
    assert 0 < apart.max() < 0.02
    assert "what that cost | was not measured" in (tmp_path / "out" / "README.md").read_text()


def test_the_figures_are_those_of_the_model_that_is_written(large, tmp_path):
    texts, labels = tiny_corpus(60, seed=5)
    facts = bothways.compress(
        large, tmp_path / "out", max_size=5_500, texts=texts, labels=labels, source="r.csv"
    )
    before, after = bothways.load(large), bothways.load(tmp_path / "out")
    old, new = before.predict_proba(texts), after.predict_proba(texts)
    measured = facts["measured"]
    assert measured["same_label"] == np.mean(old.argmax(1) == new.argmax(1))
    assert measured["largest_change"] == np.abs(new.astype(float) - old).max()
    places = [before.labels.index(label) for label in labels]
    for n, p in enumerate((old.astype(np.float64), new.astype(np.float64))):
        assert measured["accuracy"][n] == accuracy_score(places, p.argmax(1))
        loss = log_loss(places, p / p.sum(axis=1, keepdims=True))
        assert measured["log_loss"][n] == pytest.approx(loss, rel=1e-12)
    spec = after.spec
    assert spec.training["compressed"]["measured"] == measured
    assert spec.quality == {}
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"{facts['tokens']} of 400 tokens are kept" in card
    assert "accuracy {:.4f} before, {:.4f} after".format(*measured["accuracy"]) in card
    assert "on 60 texts of r.csv" in card


def test_a_size_that_is_too_small_names_the_least_which_then_works(large, tmp_path):
    for wrong in (1, 3_000):
        with pytest.raises(ArgumentError, match=r"at least .*, with one word of 398") as caught:
            bothways.compress(large, tmp_path / "out", max_size=wrong)
        assert not (tmp_path / "out").exists()
    least = int(str(caught.value).split("at least ")[1].split(", with")[0].replace(",", ""))
    facts = bothways.compress(large, tmp_path / "out", max_size=least)
    assert facts["tokens"] == 3
    with pytest.raises(ArgumentError):
        bothways.compress(large, tmp_path / "out", max_size=least - 1, overwrite=True)
    assert bothways.load(tmp_path / "out").predict(["good"])


def test_a_compressed_model_can_be_compressed_again(large, tmp_path):
    bothways.compress(large, tmp_path / "a", max_size=8_000)
    again = bothways.compress(tmp_path / "a", tmp_path / "b", texts=np.array(["good", "bad film"]))
    assert again["measured"]["largest_change"] < 1e-5  # rounded once already
    smaller = bothways.compress(tmp_path / "a", tmp_path / "a", max_size=6_000, overwrite=True)
    assert smaller["bytes"] <= 6_000 and smaller["bytes_before"] <= 8_000
    assert size(tmp_path / "a") == smaller["bytes"]


def test_shrink_alone_makes_what_compress_writes(large, tmp_path):
    spec, tensors = artifact.load(large)
    small, arrays = shrink(spec, tensors, 7_000)
    artifact.save(tmp_path / "out", small, arrays, artifact.card(small))
    assert 6_900 < size(tmp_path / "out") <= 7_000
    again, loaded = artifact.load(tmp_path / "out")
    assert again == small
    for name in arrays:
        np.testing.assert_allclose(loaded[name], arrays[name], rtol=2**-21, atol=1e-40)


def test_a_model_beside_itself_does_not_change(large):
    model = bothways.load(large)
    found = change(model, model, ["good", ""])
    assert found == {"texts": 2, "same_label": 1.0, "mean_change": 0.0, "largest_change": 0.0}


def test_nothing_is_overwritten(large, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("all of it")
    with pytest.raises(ArtifactError, match=r"holds 'thesis.txt' and is no model"):
        bothways.compress(large, out)
    with pytest.raises(DataError, match="label 1 is 'good', expected one of the model's: 'neg'"):
        bothways.compress(large, tmp_path / "new", texts=["a", "b"], labels=["pos", "good"])
    with pytest.raises(ArgumentError, match="got 1 labels for 2 texts"):
        bothways.compress(large, tmp_path / "new", texts=["a", "b"], labels=["pos"])
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]
    assert json.loads((large / "spec.json").read_text())["vectorizer"]


def test_a_threshold_decides_before_and_after(tiny_model):
    """One that nothing reaches leaves the other label alone, right for every text that has it."""
    spec, tensors = artifact.load(tiny_model)
    never = bothways.Model(replace(spec, thresholds={"pos": 1.0}), tensors)
    found = change(never, never, ["good film", "bad film"], ["pos", "neg"])
    assert found["same_label"] == 1 and found["accuracy"] == [0.5, 0.5]
