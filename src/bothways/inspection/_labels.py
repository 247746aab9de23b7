"""How the labels are spread, and which of them look like slips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from unicodedata import normalize

import numpy as np

from bothways.data import Dataset
from bothways.inspection._facts import Labels

# The most frequent label has so many times the rows of the rarest.
BALANCE = ((1.5, "even"), (4.0, "somewhat uneven"), (20.0, "uneven"))


def inspect_labels(labels: Sequence[str]) -> Labels:
    """The facts of `N` labels, at least one."""
    counts = dict(sorted(Counter(labels).items(), key=lambda item: (-item[1], item[0])))
    majority = next(iter(counts))
    shares = np.array(list(counts.values())) / len(labels)
    entropy = abs(float(-(shares * np.log2(shares)).sum()))
    ratio = max(counts.values()) / min(counts.values())
    return Labels(
        counts=counts,
        majority=majority,
        majority_share=counts[majority] / len(labels),
        entropy=entropy,
        effective=2.0**entropy,
        balance=next((name for most, name in BALANCE if ratio < most), "very uneven"),
        variants=_variants(counts),
        rare=tuple(label for label, count in counts.items() if count < 2),
    )


def one_label(rows: Dataset) -> Dataset:
    """Each set of labels as one label, `a + b`, so that texts can be compared by it."""
    if rows.label_sets is None:
        return rows
    labels = [" + ".join(sorted(set(several))) or "(no label)" for several in rows.label_sets]
    return replace(rows, labels=labels, label_sets=None)


def _variants(labels: Sequence[str] | dict[str, int]) -> tuple[tuple[str, ...], ...]:
    alike: dict[str, list[str]] = {}
    for label in labels:
        plain = " ".join(normalize("NFKC", label).casefold().split())
        alike.setdefault(plain, []).append(label)
    return tuple(tuple(names) for names in alike.values() if len(names) > 1)
