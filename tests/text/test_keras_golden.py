"""The same ids as the real Keras layer, on nasty texts; see golden/make_keras_text.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bothways.text import TextVectorizer

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "keras_text.json").read_text(encoding="ascii")
)
TEXTS, CASES = GOLDEN["texts"], GOLDEN["cases"]


def name(case):
    return "-".join(map(str, [case["texts"], *case["config"].values()]))


@pytest.mark.parametrize("case", CASES, ids=name)
def test_vocabulary_and_ids_are_those_of_keras(case):
    vectorizer = TextVectorizer(**case["config"]).adapt(TEXTS[case["texts"]])
    assert vectorizer.get_vocabulary()[2:] == case["vocabulary"]
    ids = vectorizer.encode(TEXTS["all"]).ids
    assert [ids[n].tolist() for n in range(len(ids))] == case["ids"]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_vocabulary_from_keras_gives_the_same_ids(case):
    vectorizer = TextVectorizer(**case["config"], vocabulary=["", "[UNK]", *case["vocabulary"]])
    ids = vectorizer.encode(TEXTS["all"]).ids
    assert [ids[n].tolist() for n in range(len(ids))] == case["ids"]


def test_the_golden_cases_cover_every_rule():
    rules = {(c["config"].get("standardize", ""), c["config"].get("split")) for c in CASES}
    for standardize in ("lower_and_strip_punctuation", "lower", "strip_punctuation", None):
        for split in ("whitespace", "character"):
            assert (standardize, split) in rules
    assert any("max_tokens" in c["config"] for c in CASES)
    assert any("output_sequence_length" in c["config"] for c in CASES)
    assert GOLDEN["versions"] == {"keras": "3.15.1", "tensorflow": "2.21.0"}
