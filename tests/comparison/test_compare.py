"""Comparisons: each figure against its plain definition."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest

import bothways
from bothways import Ragged, comparison
from bothways.comparison import Variant, parse_variants
from bothways.comparison._compare import difference
from bothways.data import Dataset
from bothways.errors import ArgumentError, DataError
from bothways.training import preset
from conftest import tiny_corpus


def rows(seed, count=60):
    texts, labels = tiny_corpus(count, seed)
    return Dataset(texts, labels, f"rows-{seed}.csv")


def small(**changes):
    return replace(
        preset("classic"),
        **{"embedding_dim": 8, "hidden_size": 6, "epochs": 6, "learning_rate": 2e-2} | changes,
    )


@pytest.fixture(scope="module")
def found():
    variants = [Variant("both", small()), Variant("bad", small(learning_rate=1e-9))]
    lines = []
    return lines, comparison.compare_recipes(
        rows(0), rows(1, 80), variants, seeds=2, tell=lines.append
    )


def test_each_is_trained_with_each_seed(found):
    lines, of = found
    assert (of.train_texts, of.test_texts, of.seeds) == (60, 80, 2)
    test = rows(1, 80)
    for variant, recipe in zip(of.variants, (small(), small(learning_rate=1e-9)), strict=True):
        for seed in (0, 1):
            classifier = bothways.TextClassifier(preset=recipe, random_state=seed)
            classifier.fit(rows(0).texts, rows(0).labels)
            accuracy = np.mean(classifier.predict(test.texts) == np.array(test.labels))
            assert variant.accuracies[seed] == accuracy
            assert any(f"{variant.name}, seed {seed}: {accuracy:.4f}" in line for line in lines)
        assert variant.accuracy == pytest.approx(np.mean(variant.accuracies))
        assert variant.fading[0] == 1 and len(variant.fading) == len(comparison.STEPS)


def test_groups_by_length_are_all_texts(found):
    _, of = found
    lengths = [len(text.split()) for text in rows(1, 80).texts]
    limits = [0, *of.lengths]
    assert limits[-1] == max(lengths) and limits == sorted(set(limits))
    sizes = [sum(a < n <= b for n in lengths) for a, b in pairwise(limits)]
    assert sum(sizes) == 80 and min(sizes) > 0
    for variant in of.variants:
        assert np.average(variant.by_length, weights=sizes) == pytest.approx(variant.accuracy)


def test_the_difference_of_one_seed_is_mcnemars(rng):
    one, other = rng.random((1, 300)) < 0.9, rng.random((1, 300)) < 0.8
    of = difference("a", "b", one, other)
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    assert (of.first_better, of.second_better) == (only_one, only_other)
    assert of.p_value == binomtest(only_one, only_one + only_other).pvalue
    gap = one[0].astype(float) - other[0]
    half = 1.968 * gap.std(ddof=1) / np.sqrt(300)  # Student's, with 299 degrees of freedom
    assert of.difference == pytest.approx(gap.mean())
    assert of.interval == pytest.approx((gap.mean() - half, gap.mean() + half), abs=1e-4)
    assert of.by_seed == pytest.approx((gap.mean(),))


def test_seeds_are_averaged_text_by_text():
    one = np.array([[1, 1, 0, 1], [1, 0, 0, 1]], bool)
    other = np.array([[1, 0, 0, 0], [0, 0, 1, 0]], bool)
    of = difference("a", "b", one, other)
    assert (of.first_better, of.second_better) == (3, 1)
    assert of.difference == pytest.approx(3 / 8)
    assert of.by_seed == pytest.approx((0.5, 0.25))
    alike = difference("a", "b", one, one)
    assert (alike.interval, alike.p_value, alike.difference) == ((0, 0), 1, 0)


def test_fading_is_the_distance_of_states(tiny_model):
    model = bothways.load(tiny_model)
    texts = ["good film", "...", "a bad book", "not the film"]
    H = model.spec.network.hidden_size
    read = [text for text in texts if text != "..."]
    states = []
    for step in comparison.STEPS:
        ids = [np.concatenate([model.encode([text])[0].values, np.zeros(step, np.int32)])
               for text in read]  # fmt: skip
        batch = Ragged.from_list(ids)
        states.append(model.network.outputs(batch)[batch.offsets[1:] - 1, :H])
    apart = [
        np.mean([np.linalg.norm(s[a] - s[b]) for a, b in ((0, 1), (1, 2), (2, 0))]) for s in states
    ]
    np.testing.assert_allclose(
        comparison.fading(model, texts), np.array(apart) / apart[0], rtol=1e-4, atol=1e-6
    )
    assert (comparison.fading(model, ["good", "..."]) == 1).all()


def test_variants():
    names = comparison.default_variants("classic")
    found = parse_variants(names, epochs=2, length=50)
    assert [name for name, _ in found] == names
    kinds = [(v.recipe.bidirectional, v.recipe.mask) for v in found]
    assert kinds == [(True, True), (False, True), (True, False), (False, False)]
    assert {(v.recipe.epochs, v.recipe.least_steps, v.recipe.length) for v in found} == {(2, 0, 50)}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["classic"], "two variants or more, got 1"),
        (["classic", "classic"], "'classic' is there twice"),
        (["classic", "classic:back"], "'back' is no change of a recipe; there are both, forward"),
        (["classic", "quick"], "there is no preset 'quick'"),
        (["classic", "fast:unmasked"], r"fast:unmasked: without a mask .* \(--max-length\)"),
    ],
)
def test_what_is_no_variant_is_refused(names, message):
    with pytest.raises(ArgumentError, match=message):
        parse_variants(names)


def test_what_cannot_be_tested_on_is_refused():
    variants = [Variant("a", small(epochs=1)), Variant("b", small(epochs=1))]
    for test, message in (
        (Dataset(["x"], ["new"], "t.csv"), "t.csv: has labels that the training texts lack: 'new'"),
        (Dataset([], [], "t.csv"), "t.csv: there are no texts to test on"),
    ):
        with pytest.raises(DataError, match=message):
            comparison.compare_recipes(rows(0), test, variants)


def test_texts_on_both_sides_are_told():
    lines = []
    variants = [Variant("a", small(epochs=1)), Variant("b", small(epochs=1))]
    comparison.compare_recipes(rows(0), rows(0), variants, seeds=1, tell=lines.append)
    assert lines[0].endswith("are among those to train on, and stay")


def test_terminal_page_and_json(found):
    of = found[1]
    out = io.StringIO()
    comparison.show_comparison(Console(file=out, width=120, highlight=False), of)
    assert "both is better than bad" in out.getvalue()
    assert f"{of.variants[0].accuracy:.4f}" in out.getvalue()
    page = comparison.comparison_page(of, data="some/rows.csv")
    assert "both is better than bad" in page and "rows.csv" in page and page.count("<svg") == 2
    document = json.loads(json.dumps(of.document()))
    assert document["variants"][1]["recipe"]["learning_rate"] == 1e-9
    assert document["differences"][0]["first"] == "both"
