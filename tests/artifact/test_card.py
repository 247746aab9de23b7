"""What the hub reads at the beginning of a card, and that cards of before are no obstacle."""

from __future__ import annotations

from dataclasses import replace

import huggingface_hub
import pytest

from bothways import artifact


def facts(spec):
    return huggingface_hub.ModelCard(artifact.card(spec)).data


def test_what_the_hub_reads(tiny_model):
    spec, _ = artifact.load(tiny_model)
    card = facts(spec)
    assert (card.library_name, card.pipeline_tag) == ("bothways", "text-classification")
    (result,) = card.eval_results
    assert (result.metric_type, result.metric_name) == ("accuracy", "held-out accuracy")
    assert result.metric_value == pytest.approx(spec.quality["accuracy"], abs=1e-4)
    several = {**spec.quality, "micro_f1": 0.25, "weighted": True}
    (result,) = facts(replace(spec, quality=several)).eval_results
    assert (result.metric_type, result.metric_value) == ("f1", 0.25)
    assert result.metric_name == "held-out micro F1, weighted as in training"
    assert facts(replace(spec, quality={})).eval_results is None
    assert "library_name: bothways" in (tiny_model / "README.md").read_text()


def test_how_words_end_is_told(tiny_model):
    spec, _ = artifact.load(tiny_model)
    for rule, told in (
        ("lower_and_strip_punctuation", False),
        ("lower_and_split_at_punctuation", True),
    ):
        card = artifact.card(replace(spec, vectorizer=replace(spec.vectorizer, standardize=rule)))
        assert ("| words | in lower case; punctuation ends them, but apostrophes" in card) is told


def test_labels_do_not_reach_the_front_matter(tiny_model):
    spec, _ = artifact.load(tiny_model)
    card = facts(replace(spec, labels=("---\nlicense: mit", "a: [")))
    assert card.license is None and card.library_name == "bothways"


def test_a_card_without_a_front_matter_loads(tiny_model, tmp_path):
    spec, tensors = artifact.load(tiny_model)
    card = artifact.card(spec)
    before = card[card.index("# Text classifier") :]
    artifact.save(tmp_path / "m", spec, tensors, before)
    assert artifact.load(tmp_path / "m")[0] == spec
    artifact.respec(tmp_path / "m", lambda s: replace(s, thresholds={"pos": 0.5}), lambda c: c)
    assert (tmp_path / "m" / "README.md").read_text() == before
