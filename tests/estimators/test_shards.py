"""Training from shards: the same as in memory where it can be, and the same bits always."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways import TextClassifier, read
from bothways.artifact import card
from bothways.corpus import Tally, _encode
from bothways.data import Dataset, hash_split, training_parts
from bothways.errors import ArgumentError, ArtifactError, DataError
from bothways.estimators import _blockwise, _fit_shards
from bothways.estimators._fit_shards import _mean_weight
from bothways.estimators._weights import class_weights, text_weights
from bothways.text import Truncation
from bothways.training import UnfinishedRun, preset
from cli.test_resume import Killed, KilledAt
from conftest import tiny_corpus
from corpus.shards import write_shards

TEXTS, LABELS = tiny_corpus(240)
SMALL = replace(
    preset("fast"),
    embedding_dim=8,
    hidden_size=6,
    batch_size=8,
    epochs=6,
    least_steps=0,
    few_adversarial=0.0,
)


@pytest.fixture
def shards(tmp_path, monkeypatch):
    """Blocks of some ten texts, several buffers."""
    monkeypatch.setattr(_encode, "BLOCK", 500)
    monkeypatch.setattr(_blockwise, "BUFFER", 4000)
    monkeypatch.setenv("BOTHWAYS_CACHE", str(tmp_path / "cache"))
    return str(write_shards(tmp_path / "shards", TEXTS, LABELS))


def fitted(data, recipe=SMALL, fit=None, **options):
    how = {"valid": "hash:0.3"} | (fit or {})
    return TextClassifier(preset=recipe, **options).fit_shards(data, **how)


def bits(classifier):
    return [tensor.tobytes() for tensor in classifier.fitted_.tensors.values()]


def test_it_learns_and_says_what_from(shards):
    classifier = fitted(shards)
    held_out = hash_split(TEXTS, 0.3)
    quality, facts = classifier.model_.spec.quality, classifier.model_.spec.training
    assert quality["accuracy"] > 0.9
    assert quality["held_out_texts"] == held_out.sum()
    assert facts["texts"] == (~held_out).sum()
    assert facts["labels"] == {
        label: sum(x == label and not h for x, h in zip(LABELS, held_out, strict=True))
        for label in ("neg", "pos")
    }
    assert facts["validation"] == "hash:0.3" and facts["shards"] == 3
    assert facts["tokens"] == sum(
        len(text.split()) for text, h in zip(TEXTS, held_out, strict=True) if not h
    )
    assert classifier.classes_.tolist() == ["neg", "pos"]
    figures = [np.mean(classifier.predict([t]) == [x]) for t, x in _chosen(held_out)]
    assert np.mean(figures) == pytest.approx(quality["accuracy"])


def test_what_it_held_out_is_known_later_in_any_files_and_order(shards, tmp_path):
    facts = fitted(shards).model_.spec.training
    rows = read(shards)
    held_out = np.flatnonzero(hash_split(rows.texts, 0.3))
    train, held = training_parts(rows, facts)
    assert held.tolist() == held_out.tolist() and len(train) + len(held) == len(rows)
    mixed = rows.take(np.random.default_rng(0).permutation(len(rows)))
    assert {mixed.texts[n] for n in training_parts(mixed, facts)[1]} == {
        rows.texts[n] for n in held_out
    }
    assert training_parts(rows.take(np.arange(1, len(rows))), facts) is None
    other = replace(rows, labels=[*rows.labels[:-1], "other"])
    assert training_parts(other, facts) is None


def test_how_far_the_cache_is_gets_told(shards):
    told = []
    fitted(shards, fit={"progress": lambda what, rows, of: told.append((what, rows, of))})
    counted = [rows for what, rows, of in told if what == "counting words" and of is None]
    made = [rows for what, rows, of in told if what == "making the cache" and of == len(TEXTS)]
    assert len(told) == len(counted) + len(made)
    for rows in (counted, made):
        assert rows == sorted(rows) and rows[-1] == len(TEXTS) and len(rows) >= 3


def test_a_validation_file_is_no_part_of_the_data(shards, tmp_path):
    (tmp_path / "more.csv").write_text("text,label\ngood film,pos\nbad film,neg\n")
    facts = fitted(shards, fit={"valid": str(tmp_path / "more.csv")}).model_.spec.training
    train, held = training_parts(read(shards), facts)
    assert len(train) == len(TEXTS) and not len(held)


def test_a_label_that_chance_would_hold_out_whole_is_told_to_be_learned_from(shards):
    held_out = np.flatnonzero(hash_split(TEXTS, 0.3))[0]
    labels = list(LABELS)
    labels[held_out] = "odd"
    write_shards(Path(shards), TEXTS, labels)
    facts = fitted(shards).model_.spec.training
    assert facts["labels"]["odd"] == 1
    train, held = training_parts(read(shards), facts)
    assert held_out in train and held_out not in held
    assert len(train) == facts["texts"]


def _chosen(wanted):
    return [(TEXTS[n], LABELS[n]) for n in np.flatnonzero(wanted)]


def test_it_begins_as_in_memory(shards, monkeypatch):
    """What is learned from, its word vectors, labels and weights are those of the same texts."""
    ready = {}
    for module, name in ((_fit_shards, "shards"), (_fit_memory(), "memory")):
        real = module.train_ready

        def keep(estimator, given, *rest, name=name, real=real):
            ready[name] = given
            return real(estimator, given, *rest)

        monkeypatch.setattr(module, "train_ready", keep)
    fitted(shards, class_weight="balanced")
    held_out = hash_split(TEXTS, 0.3)
    parts = [list(zip(*_chosen(side), strict=True)) for side in (~held_out, held_out)]
    classifier = TextClassifier(preset=SMALL, class_weight="balanced")
    classifier.fit(*parts[0], valid=tuple(parts[1]))
    one, other = ready["shards"], ready["memory"]
    np.testing.assert_array_equal(one.vectors.rows, other.vectors.rows)
    assert one.spec == other.spec and one.recipe == other.recipe
    for name in ("train", "held_out"):
        pieces = list(getattr(one, name).pieces())
        whole = getattr(other, name)
        assert len(pieces) > 3
        np.testing.assert_array_equal(
            np.concatenate([piece.ids.values for piece in pieces]), whole.ids.values
        )
        np.testing.assert_array_equal(
            np.concatenate([piece.labels for piece in pieces]), whole.labels
        )
        np.testing.assert_allclose(
            np.concatenate([piece.weights for piece in pieces]), whole.weights, rtol=1e-6
        )


def _fit_memory():
    from bothways.estimators import _fit

    return _fit


def test_neither_threads_nor_memory_nor_the_cache_change_a_bit(shards, tmp_path):
    one = fitted(shards, threads=1, fit={"memory": "5GB", "cache": str(tmp_path / "other")})
    two = fitted(shards, threads=3, fit={"memory": "460MB"})
    again = fitted(shards, threads=2)
    assert bits(one) == bits(two) == bits(again)
    assert bits(fitted(shards, random_state=1)) != bits(one)


@pytest.mark.parametrize("step", [2, 20, 47])
def test_a_killed_run_goes_on_to_the_same_bits(shards, tmp_path, step):
    whole = bits(fitted(shards))
    how = {"every": 0, "share": math.inf}
    with UnfinishedRun(tmp_path / "m", **how) as run, pytest.raises(Killed):
        fitted(shards, fit={"watcher": KilledAt(step), "run": run})
    with UnfinishedRun(tmp_path / "m", resume=True, **how) as run:
        assert run.steps == step - 1
        assert bits(fitted(shards, fit={"run": run})) == whole


def test_a_run_does_not_go_on_with_other_shards(shards, tmp_path):
    with UnfinishedRun(tmp_path / "m", every=0, share=math.inf) as run, pytest.raises(Killed):
        fitted(shards, fit={"watcher": KilledAt(5), "run": run})
    write_shards(tmp_path / "shards", [*TEXTS[1:], "good film"], [*LABELS[1:], "pos"])
    with (
        UnfinishedRun(tmp_path / "m", resume=True) as run,
        pytest.raises(ArtifactError, match="other data: its texts, labels or weights differ"),
    ):
        fitted(shards, fit={"run": run})


def test_a_column_holds_out(shards, tmp_path):
    split = ["valid" if n % 4 == 0 else "train" for n in range(len(TEXTS))]
    folder = write_shards(tmp_path / "marked", TEXTS, LABELS, split=split)
    how = {"valid": "column:split", "text": "text", "label": "label"}
    classifier = fitted(str(folder), fit=how)
    assert classifier.model_.spec.quality["held_out_texts"] == 60
    assert classifier.fitted_.truncation.texts == 180


def test_other_shards_hold_out(shards, tmp_path):
    texts, labels = tiny_corpus(50, seed=3)
    other = str(write_shards(tmp_path / "other", texts, labels, shards=2))
    classifier = fitted(shards, fit={"valid": other})
    assert classifier.model_.spec.quality["held_out_texts"] == 50
    assert classifier.fitted_.truncation.texts == 240
    right = np.mean(classifier.predict(texts) == labels)
    assert classifier.model_.spec.quality["accuracy"] == pytest.approx(right)


def test_nothing_held_out(shards):
    classifier = fitted(shards, fit={"valid": "none"})
    assert classifier.model_.spec.quality == {}
    assert classifier.fitted_.truncation.texts == 240


def test_several_labels_and_weights(shards, tmp_path):
    odd = ["odd" if n % 2 else "even" for n in range(240)]
    sets = [[label, kind] for label, kind in zip(LABELS, odd, strict=True)]
    sets[0] = []
    texts = [f"{text} {kind}" for text, kind in zip(TEXTS, odd, strict=True)]
    weights = [1 + n % 3 for n in range(240)]
    folder = write_shards(tmp_path / "sets", texts, sets, w=weights)
    longer = replace(SMALL, epochs=12)
    classifier = fitted(str(folder), longer, fit={"weight": "w"}, class_weight="balanced")
    spec = classifier.model_.spec
    assert spec.task == "multilabel" and spec.labels == ("even", "neg", "odd", "pos")
    assert spec.quality["weighted"] is True and spec.quality["micro_f1"] > 0.9
    assert spec.training["sample_weight"] == {"least": 1.0, "most": 3.0}
    rows = read(str(folder), multilabel=True)
    held_out = np.flatnonzero(hash_split(texts, 0.3))
    has = [set(classifier.model_.predict([rows.texts[n]])[0]) == set(sets[n]) for n in held_out]
    right = np.average(has, weights=np.array(weights)[held_out])
    assert spec.quality["accuracy"] == pytest.approx(right)


LABEL_ROWS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.integers(0, 5)), min_size=3, max_size=9
)


@settings(deadline=None)
@given(LABEL_ROWS, st.booleans(), st.booleans())
def test_the_mean_weight_is_that_of_all_texts_at_once(rows, several, by_class):
    labels = [sorted(names) if several else (sorted(names) or ["a"])[0] for names, _ in rows]
    classes = np.array(list("abc"))
    if several:
        codes = np.array([[n in row for n in "abc"] for row in labels])
    else:
        codes = np.array(["abc".index(name) for name in labels])
    own = np.array([float(weight) for _, weight in rows])
    of_classes = None
    counts = codes.sum(axis=0) if several else np.bincount(codes, minlength=3)
    if by_class:
        given_weights = {"a": 2.0, "b": 0.5, "c": 3.0}
        of_classes = class_weights(given_weights, counts, len(rows), several, classes)
    tally = Tally()
    sets = [tuple(row) if several else (row,) for row in labels]
    dataset = Dataset([""] * len(rows), None, "", weights=own.tolist(), label_sets=sets)
    tally.add_rows(dataset, Truncation(len(rows), 0, 0, 0))
    if not own.any():
        with pytest.raises(DataError, match="every text of the training part has the weight 0"):
            _mean_weight(tally, ("a", "b", "c"), of_classes, several)
        return
    weights = text_weights(own, of_classes, codes, "training")
    found = _mean_weight(tally, ("a", "b", "c"), of_classes, several)
    assert found == pytest.approx(weights.mean())


@pytest.mark.parametrize(
    ("options", "fit", "error", "says"),
    [
        ({}, {"memory": "100MB"}, ArgumentError, "takes at least 452MB beside the model"),
        ({}, {"memory": "much"}, ArgumentError, "got the size 'much'"),
        ({}, {"valid": "hash:2"}, ArgumentError, "hash:2"),
        ({}, {"valid": "column:none"}, DataError, "'none'"),
        ({}, {"valid": "hash:1e-9"}, DataError, "'hash:1e-9' holds out none of 240 texts"),
        ({}, {"text": "body"}, DataError, "part-0.jsonl.*'body'"),
        ({"start_from": "m"}, {}, ArtifactError, "m"),
        ({"class_weight": {"odd": 2}}, {}, ArgumentError, "names the label 'odd'"),
    ],
)
def test_what_cannot_be_is_refused(shards, options, fit, error, says):
    with pytest.raises(error, match=says):
        fitted(shards, fit=fit, **options)


def test_it_goes_on_from_a_model_as_in_memory(shards, tmp_path):
    """With too small a rate to move a weight: what was put in place is what comes out."""
    still = replace(SMALL, learning_rate=1e-30, epochs=1, max_tokens=40)
    first = TextClassifier(preset=replace(SMALL, epochs=2), validation=None)
    first.fit(TEXTS[:80], LABELS[:80]).save(tmp_path / "m")
    texts = [*TEXTS, *["brand new words"] * 9, *["and others"] * 9]
    labels = [*LABELS, *["odd"] * 18]
    write_shards(Path(shards), texts, labels)
    rows, weights = read(shards), {"odd": 3.0, "pos": 2.0}
    how = {"start_from": tmp_path / "m", "preset": still, "class_weight": weights}
    whole = TextClassifier(**how, validation="hash:0.3").fit(rows.texts, rows.labels)
    found = TextClassifier(**how).fit_shards(shards, valid="hash:0.3")
    one, other = whole.model_.spec, found.model_.spec
    assert other.vectorizer.vocabulary == one.vectorizer.vocabulary
    for name in ("started_from", "labels", "class_weight", "texts", "tokens"):
        assert other.training[name] == one.training[name]
    assert other.training["started_from"]["new_labels"] == ["odd"]
    assert other.training["started_from"]["new_words"] > 0
    np.testing.assert_array_equal(found.predict_proba(texts), whole.predict_proba(texts))
    again = TextClassifier(**how | {"start_from": None}).fit_shards(shards, valid="hash:0.3")
    assert again.model_.spec.vectorizer.vocabulary != one.vectorizer.vocabulary


def test_labels_that_only_the_model_knows_stay(shards, tmp_path):
    first = TextClassifier(preset=replace(SMALL, epochs=2), validation=None)
    first.fit(TEXTS, [{"neg": "bad", "pos": "pos"}[x] for x in LABELS]).save(tmp_path / "m")
    again = fitted(shards, start_from=tmp_path / "m", class_weight="balanced")
    assert again.classes_.tolist() == ["bad", "neg", "pos"]
    facts = again.model_.spec.training
    assert facts["started_from"]["labels_without_texts"] == ["bad"]
    assert facts["labels"]["bad"] == 0 and set(facts["class_weight"]) == {"neg", "pos"}
    assert again.score(TEXTS, LABELS) > 0.9


def test_a_model_of_another_kind_is_refused(shards, tiny_model, tmp_path):
    with pytest.raises(ArgumentError, match=r"the model has .* and the preset 'fast' has"):
        fitted(shards, start_from=tiny_model)
    several = TextClassifier(preset=SMALL, validation=None)
    several.fit(TEXTS, [[label] for label in LABELS]).save(tmp_path / "m")
    with pytest.raises(ArgumentError, match="gives a text several labels, and the data has one"):
        fitted(shards, start_from=tmp_path / "m")


def test_learning_word_vectors_takes_more_memory(shards, monkeypatch):
    monkeypatch.setattr(_fit_shards, "_LEARNING", 10**6)
    with pytest.raises(ArgumentError, match=r"with the preset 'fast' takes at least 1227MB"):
        fitted(shards)


def test_word_vectors_are_learned_from_some_texts(shards, monkeypatch):
    assert "vectors_learned_from" not in fitted(shards).model_.spec.training
    monkeypatch.setattr(_fit_shards, "LEARNED_TOKENS", 300)
    classifier = fitted(shards)
    told = classifier.model_.spec.training["vectors_learned_from"]
    assert f"learned from {told['texts']} of these texts" in card(classifier.model_.spec)
    assert 300 <= told["tokens"] < 500 and 30 < told["texts"] < 120


def test_a_label_that_the_validation_part_lacks_is_refused(shards, tmp_path):
    other = str(write_shards(tmp_path / "other", ["good"] * 9, ["pos"] * 9, shards=1))
    with pytest.raises(DataError, match="no text with the label 'neg'"):
        fitted(shards, fit={"valid": other})


def test_a_label_that_only_the_validation_part_has_is_refused(shards, tmp_path):
    other = str(write_shards(tmp_path / "other", ["good"] * 9, ["odd"] * 9, shards=1))
    with pytest.raises(DataError, match=r"part-0.jsonl: a text with the label 'odd' is held out"):
        fitted(shards, fit={"valid": other})


def test_shards_of_other_columns_are_refused(shards, tmp_path):
    (tmp_path / "shards" / "part-9.jsonl").write_text('{"review": "x", "label": "neg"}\n')
    with pytest.raises(DataError, match=r"part-9\.jsonl"):
        fitted(shards)
