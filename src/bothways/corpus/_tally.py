"""What is known of the texts of a part once they were counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from bothways.data import Dataset
from bothways.text import Truncation


@dataclass
class Tally:
    """Of `texts`: their tokens, what is cut off, how many have each label, what those weigh.

    `sets`: whether some row may have several labels. `weights` are sums of the texts' weights by
    label, `weight` that of all; `least` and `most` are the extremes; a text without one weighs 1.
    `counted` texts weigh more than 0. `content` is the `content_sum` of the rows, once they are
    encoded.
    """

    texts: int = 0
    tokens: int = 0
    cut_texts: int = 0
    cut_tokens: int = 0
    sets: bool = False
    weight: float = 0.0
    least: float = math.inf
    most: float = 0.0
    counted: int = 0
    content: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """Tokens that are not cut off."""
        return self.tokens - self.cut_tokens

    @property
    def truncation(self) -> Truncation:
        return Truncation(self.texts, self.tokens, self.cut_texts, self.cut_tokens)

    def add_rows(self, rows: Dataset, cut: Truncation, content: int = 0) -> None:
        """Count some more rows, whose texts are cut so, with the `content_sum` if that is kept."""
        labels = Counter(chain.from_iterable(rows.sets or ()))
        weights = rows.weights or [1.0] * len(rows)
        self.labels.update(labels)
        if rows.weights is None:
            self.weights.update(labels)
        else:
            for several, weight in zip(rows.sets or (), weights, strict=True):
                self.weights.update(dict.fromkeys(several, weight))
        self.texts += len(rows)
        self.tokens += cut.tokens
        self.cut_texts += cut.cut_texts
        self.cut_tokens += cut.cut_tokens
        self.sets |= rows.label_sets is not None
        self.weight += math.fsum(weights)
        self.least, self.most = min(self.least, *weights), max(self.most, *weights)
        self.counted += sum(weight > 0 for weight in weights)
        self.content = (self.content + content) % 2**256

    def add(self, other: Tally) -> None:
        """Count the texts of `other`, too."""
        self.texts += other.texts
        self.tokens += other.tokens
        self.cut_texts += other.cut_texts
        self.cut_tokens += other.cut_tokens
        self.sets |= other.sets
        self.weight += other.weight
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        self.counted += other.counted
        self.content = (self.content + other.content) % 2**256
        self.labels.update(other.labels)
        self.weights.update(other.weights)

    def document(self) -> dict[str, Any]:
        """As JSON holds it."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Tally:
        counters = {name: Counter(document[name]) for name in ("labels", "weights")}
        return cls(**{**document, **counters})
