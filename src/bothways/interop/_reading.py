"""What a file of weights does not say: how a text becomes ids, and what the answers mean.

A JSON document that lies beside the file, for programs in any language.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import Spec, VectorizerSpec
from bothways.runtime import Model

BESIDE = ".json"
"""What the document's name has after that of the file."""


def reading(spec: Spec, tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The document: labels, rules in sentences, the same as options, examples to check a
    program against, and the vocabulary, in which a token's place is its id."""
    v, n = spec.vectorizer, spec.network
    document: dict[str, Any] = {
        "labels": list(spec.labels),
        "multilabel": n.multilabel,
        "thresholds": spec.thresholds,
        "rules": _rules(spec),
        "vectorizer": {
            "standardize": v.standardize,
            "split": v.split,
            "unicode": v.unicode,
            "longest": v.output_sequence_length,
            "kept_of_longer": v.truncate,
        },
        "examples": _examples(Model(spec, tensors)),
        "vocabulary": list(v.vocabulary),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _rules(spec: Spec) -> list[str]:
    v, n = spec.vectorizer, spec.network
    rules = [*_standardize(v), _split(v)]
    rules.append(
        "The id of a token is its place in `vocabulary`, counted from 0, and 1 if it is not there."
    )
    if v.output_sequence_length is not None:
        kept = {"head": "the first", "tail": "the last", "middle": "the first and the last"}
        half = {"middle": ", the first having one more if that is odd"}.get(v.truncate, "")
        rules.append(
            f"Of more than {v.output_sequence_length} ids {kept[v.truncate]} "
            f"{v.output_sequence_length} are kept{half}."
        )
    rules.append("A batch is filled with 0 after each text; a text's length is without these.")
    if not n.mask:
        rules.append(
            "The network was trained without a mask: it reads zeros after a text up to "
            f"{v.output_sequence_length} ids."
        )
    if n.multilabel:
        its = "its threshold, or 0.5 if it has none" if spec.thresholds else "0.5"
        rules.append(
            f"A text has each label whose probability is at least {its}; it may have none."
        )
    elif spec.thresholds:
        label, least = next(iter(spec.thresholds.items()))
        rules.append(
            f"A text has the label {label!r} if its probability is at least {least}, and "
            "otherwise the most probable of the others."
        )
    else:
        rules.append("A text has the most probable label.")
    return rules


def _standardize(v: VectorizerSpec) -> list[str]:
    """The sentences, in the order in which they are to be followed."""
    rules = []
    if v.standardize == "lower_and_split_at_punctuation":
        marks = string.punctuation.replace("'", "")
        others = ", and those of the Unicode categories P* but U+2019" if v.unicode else ""
        rules.append(f"Each of these characters becomes a blank: {marks}{others}.")
        also = " and U+2019 are" if v.unicode else " is"
        rules.append(f"The apostrophe '{also} removed, and joins what is on its sides.")
    if v.standardize not in ("strip_punctuation", None):
        rules.append(
            "Letters become lower case by the rules of Unicode."
            if v.unicode
            else "The letters A to Z become lower case, and no others."
        )
    if v.standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        others = ", and those of the Unicode categories P*" if v.unicode else ""
        rules.append(f"These characters are removed: {string.punctuation}{others}.")
    return rules


def _split(v: VectorizerSpec) -> str:
    if v.split == "character":
        return "Each character (code point) is a token."
    blanks = (
        "characters that Unicode calls white space"
        if v.unicode
        else "blanks and the characters U+0009 to U+000D"
    )
    return f"Tokens are what is left between {blanks}."


def _examples(model: Model) -> list[dict[str, Any]]:
    """A few texts with capitals, punctuation and unknown words, their ids and probabilities."""
    words = list(model.spec.vectorizer.vocabulary[2:8])
    texts = ["", " ".join(words), f"{', '.join(words[:4]).upper()}!", "Unheard-of ÄÖÜ"]
    texts.append(f"Don't,{'.'.join(words[:3])}<br/>‘{'-'.join(words[:2])}’")
    ids, _ = model.vectorizer.encode(texts)
    rows = model.predict_proba(texts).astype(float).round(6).tolist()
    return [
        {"text": text, "ids": ids[k].tolist(), "probabilities": rows[k]}
        for k, text in enumerate(texts)
    ]
