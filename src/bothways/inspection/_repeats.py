"""Texts that are there more than once: within a file, with other labels, in a second file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bothways.data import Dataset
from bothways.inspection._facts import Contradictions, Example, Overlap, Repeats

PLACES = 6  # named of each group; a chain letter may have thousands


def inspect_repeats(rows: Dataset, found: list[list[int]], show: int) -> Repeats:
    """Rows with the tokens of an earlier row; `found` are the groups of equal texts."""
    # Where all characters are equal, so are the tokens.
    different = sum(len({rows.texts[n] for n in places}) for places in found)
    members = sum(map(len, found))
    return Repeats(
        groups=len(found),
        rows=members,
        surplus=members - len(found),
        surplus_identical=members - different,
        examples=tuple(_example((rows, n) for n in places) for places in found[:show]),
    )


def inspect_contradictions(
    rows: Dataset, found: list[list[int]], show: int
) -> Contradictions | None:
    """The groups in which not all labels are equal; None without labels."""
    labels = rows.labels
    if labels is None:
        return None
    found = [places for places in found if len({labels[n] for n in places}) > 1]
    return Contradictions(
        groups=len(found),
        rows=sum(map(len, found)),
        examples=tuple(_example((rows, n) for n in places) for places in found[:show]),
    )


def inspect_overlap(
    rows: Dataset,
    keys: Sequence[bytes],
    other: Dataset,
    other_keys: Sequence[bytes],
    show: int,
) -> Overlap:
    """The rows whose tokens are those of a row of `other`; an empty text is in no file."""
    wanted = {key for key in keys if key}
    places: dict[bytes, list[int]] = {}
    for n, key in enumerate(other_keys):
        if key in wanted:
            places.setdefault(key, []).append(n)
    shared = [n for n, key in enumerate(keys) if key in places]
    texts = {other.texts[m] for found in places.values() for m in found}
    contradicting: list[int] = []
    if rows.labels is not None and other.labels is not None:
        for n in shared:
            if rows.labels[n] not in {other.labels[m] for m in places[keys[n]]}:
                contradicting.append(n)
    shown = list(dict.fromkeys([*contradicting, *shared]))[:show]
    known = other.labels if rows.labels is None else rows.labels
    return Overlap(
        other=other.source,
        other_rows=len(other),
        rows=len(shared),
        identical=sum(rows.texts[n] in texts for n in shared),
        in_other=sum(map(len, places.values())),
        contradicting=len(contradicting),
        per_label=_per_label(rows, shared),
        unknown_labels=tuple(sorted(set(other.labels or ()) - set(known or ()))),
        examples=tuple(
            _example([(rows, n), *((other, m) for m in places[keys[n]])]) for n in shown
        ),
    )


def _per_label(rows: Dataset, shared: list[int]) -> dict[str, int]:
    if rows.labels is None:
        return {}
    counts = Counter(rows.labels[n] for n in shared)
    return {label: counts[label] for label in sorted(set(rows.labels))}


def _example(places: Iterable[tuple[Dataset, int]]) -> Example:
    """The text of the first place; where some are left out, each label still has one."""
    every = list(places)
    first = {_label(rows, n): k for k, (rows, n) in reversed(list(enumerate(every)))}
    leading = sorted(first.values())[:PLACES]
    named = sorted(
        {*leading, *[k for k in range(len(every)) if k not in leading][: PLACES - len(leading)]}
    )
    rows, n = every[0]
    return Example(
        text=rows.texts[n],
        places=tuple(rows.place(n) for rows, n in (every[k] for k in named)),
        labels=tuple(_label(rows, n) for rows, n in (every[k] for k in named)),
        rows=len(every),
    )


def _label(rows: Dataset, n: int) -> str | None:
    return None if rows.labels is None else rows.labels[n]
