"""The rules beside a file are enough to write the program anew, here in a few lines of Python."""

from __future__ import annotations

import json
import unicodedata

import pytest
from networks import KINDS, made

from bothways.interop._reading import reading
from bothways.runtime import Model
from bothways.text import TextVectorizer

STANDARDIZE = ["lower_and_strip_punctuation", "lower_and_split_at_punctuation", "lower"]
STANDARDIZE += ["strip_punctuation", None]
TEXTS = [
    *(
        "",
        "Éa, b\tC\x0bd!",
        "a\u00a0b\u2028c",
        "ΑΣ σ",
        "x\x1fy",
        "«q» — r",
        "a_b [UNK] Z",
        "a b\nc d e",
    ),
    *("İstanbul", "k\u0301 l", "日本 語", "a  ", "...", "$5 €6"),
    *("A.b,c'd don’t", "ΑΣ.Β’Σ ‘x’", "b<br />c", "''’"),
]


def ids_by_the_document(text, document):
    """As somebody else would write it, who reads `rules`."""
    options = document["vectorizer"]
    separate = options["standardize"] == "lower_and_split_at_punctuation"
    lower = separate or options["standardize"] in ("lower_and_strip_punctuation", "lower")
    strip = options["standardize"] in ("lower_and_strip_punctuation", "strip_punctuation")
    marks = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    if separate:
        apostrophes = "'\u2019" if options["unicode"] else "'"
        text = "".join(
            " "
            if c not in apostrophes
            and (c in marks or (options["unicode"] and unicodedata.category(c)[0] == "P"))
            else c
            for c in text
        )
        text = "".join(c for c in text if c not in apostrophes)
    if options["unicode"]:
        text = text.lower() if lower else text
        text = "".join(
            c for c in text if not strip or unicodedata.category(c)[0] != "P" or c in marks
        )
    elif lower:
        text = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)
    if strip:
        text = "".join(c for c in text if c not in marks)
    if options["split"] == "character":
        tokens = list(text)
    elif options["unicode"]:
        tokens = text.split()
    else:
        for blank in "\t\n\v\f\r":
            text = text.replace(blank, " ")
        tokens = [token for token in text.split(" ") if token]
    place = {token: n for n, token in enumerate(document["vocabulary"]) if n > 1}
    ids = [place.get(token, 1) for token in tokens]
    longest = options["longest"]
    if longest is None or len(ids) <= longest:
        return ids
    first = {"head": longest, "tail": 0, "middle": longest - longest // 2}[
        options["kept_of_longer"]
    ]
    return ids[:first] + ids[len(ids) - (longest - first) :]


@pytest.mark.parametrize("split", ["whitespace", "character"])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("truncate", ["head", "tail", "middle"])
@pytest.mark.parametrize("standardize", STANDARDIZE)
def test_ids_by_the_rules(standardize, truncate, unicode, split):
    words = ("", "[UNK]", *"abcdeéqrσςz", "ab", "aς", "ας", "yx", "日本", "a_b", "5", "6")
    options = {"standardize": standardize, "truncate": truncate, "unicode": unicode}
    spec, tensors = made(
        KINDS[0], split=split, vocabulary=words, output_sequence_length=3, **options
    )
    document = json.loads(reading(spec, tensors))
    ids, _ = Model(spec, tensors).vectorizer.encode(TEXTS)
    assert [ids_by_the_document(text, document) for text in TEXTS] == [
        ids[n].tolist() for n in range(len(TEXTS))
    ]


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("standardize", STANDARDIZE[:2])
def test_ids_of_reviews_by_the_rules(shared_data, standardize, unicode):
    parquet = pytest.importorskip("pyarrow.parquet")
    column = parquet.read_table(shared_data / "imdb_train.parquet", columns=["text"])["text"]
    texts = column.to_pylist()[::25]
    assert len(texts) == 1_000 and not all(text.isascii() for text in texts)
    rules = {"standardize": standardize, "unicode": unicode}
    words = tuple(TextVectorizer(3_000, **rules).adapt(texts).get_vocabulary())
    options = {"max_tokens": None, "output_sequence_length": 400, "truncate": "tail"}
    spec, tensors = made(KINDS[0], vocabulary=words, **options, **rules)
    document = json.loads(reading(spec, tensors))
    ids, _ = Model(spec, tensors).vectorizer.encode(texts)
    assert [ids_by_the_document(text, document) for text in texts] == [
        ids[n].tolist() for n in range(len(texts))
    ]
    assert [ids_by_the_document(one["text"], document) for one in document["examples"]] == [
        one["ids"] for one in document["examples"]
    ]


def test_rules_speak_of_what_the_model_does():
    spec, tensors = made(KINDS[0], output_sequence_length=3, truncate="middle")
    rules = " ".join(json.loads(reading(spec, tensors))["rules"])
    assert "the first and the last 3 are kept, the first having one more if that is odd" in rules
    assert "A text has the most probable label." in rules and "mask" not in rules
    spec, tensors = made(KINDS[0], mask=False, outputs=3, multilabel=True)
    rules = " ".join(json.loads(reading(spec, tensors))["rules"])
    assert "it reads zeros after a text up to 12 ids" in rules and "may have none" in rules
    spec, tensors = made(KINDS[0], standardize="lower_and_split_at_punctuation")
    rules = json.loads(reading(spec, tensors))["rules"]
    assert rules[0].startswith('Each of these characters becomes a blank: !"#$%&()*+,-./:;<')
    assert rules[1] == "The apostrophe ' is removed, and joins what is on its sides."
