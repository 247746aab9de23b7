"""Shards on disk, and what their texts are."""

from __future__ import annotations

import json

import numpy as np

from bothways import TextVectorizer
from bothways.corpus import Input, Plan
from bothways.data import find_shards

COLUMNS = {"text": None, "label": None, "weight": None, "label_separator": None}


def write_shards(folder, texts, labels, shards=3, **columns):
    """The rows dealt to shards, one after another."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, part in enumerate(np.array_split(np.arange(len(texts)), shards)):
        rows = [
            {"text": texts[i], "label": labels[i], **{k: v[i] for k, v in columns.items()}}
            for i in part.tolist()
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"part-{n}.jsonl").write_text(lines)
    return folder


def held_out(piece):
    """Every text whose number of letters three divides."""
    return np.array([len(text) % 3 == 0 for text in piece.texts])


def plan_of(folder, *, valid="hash:0.3", choose=held_out, **options):
    columns = COLUMNS | {k: options.pop(k) for k in tuple(options) if k in COLUMNS}
    inputs = tuple(Input(shard) for shard in find_shards(str(folder)))
    config = TextVectorizer(**options).get_config()
    return Plan(str(folder), valid, inputs, columns, config, choose)
