"""What is read, which part of it is held out, and how its texts become ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.data import Columns, Dataset, Shard, read_pieces
from bothways.text import TextVectorizer

FORMAT = 2
"""The version of what is in a cache folder; others are not read."""

ROWS = 1024
"""Rows that are read at a time: each worker holds as many texts."""


class Input(NamedTuple):
    """A shard, whether all of it is held out, and the columns that it must have."""

    shard: Shard
    held_out: bool = False
    like: Columns | None = None


@dataclass(frozen=True)
class Plan:
    """`source` and `valid` are DATA and what is held out, as a person named them. `choose` says
    of each of `N` rows that were read whether it is held out, `(N,)` bool; None: none is.
    `columns` are options of `bothways.data.read_pieces`, `vectorizer` is one's `get_config`. The
    vocabulary begins with `words`, and `labels` are among its labels, whatever the data have."""

    source: str
    valid: str
    inputs: tuple[Input, ...]
    columns: Mapping[str, Any]
    vectorizer: Mapping[str, Any]
    choose: Callable[[Dataset], NDArray[np.bool_]] | None = None
    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """16 hexadecimal digits that change with the data, its columns, what is held out, the
        vectorizer's rules and the format."""
        whole = {
            "format": FORMAT,
            # Without their paths: rows from standard input lie elsewhere each time.
            "inputs": [
                (shard.name, shard.bytes, shard.version, held_out)
                for shard, held_out, _ in self.inputs
            ],
            "columns": dict(self.columns),
            "valid": self.valid,
            "vectorizer": dict(self.vectorizer),
            "known": (self.words, self.labels),
        }
        return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def by_chance(self) -> bool:
        """Whether nobody chose the very rows that are held out."""
        return self.valid.startswith("hash:")

    @property
    def length(self) -> int | None:
        return self.vectorizer["output_sequence_length"]

    def new_vectorizer(self, counted: list[str] | None = None) -> TextVectorizer:
        """By the plan's rules, with its words and those that were `counted`, the commonest first,
        as far as there is room; without a vocabulary if none were."""
        if counted is None or not self.words:
            return TextVectorizer.from_config(self.vectorizer, counted)
        known = set(self.words)
        vocabulary = [*self.words, *(word for word in counted if word not in known)]
        return TextVectorizer.from_config(
            self.vectorizer, vocabulary[: self.vectorizer["max_tokens"]]
        )

    def parts(self, input: Input) -> Iterator[tuple[Dataset, NDArray[np.bool_]]]:
        """The rows of a shard, piece by piece, and which of them are held out, `(N,)`."""
        how: dict[str, Any] = {**self.columns, "multilabel": True, "rows": ROWS}
        for piece in read_pieces(input.shard, **how, like=input.like):
            if input.held_out or self.choose is None:
                yield piece, np.full(len(piece), input.held_out)
            else:
                yield piece, self.choose(piece)
