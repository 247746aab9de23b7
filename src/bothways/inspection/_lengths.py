"""How long texts are, and what a limit would cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset
from bothways.inspection._facts import Example, Lengths, Limit

LIMITS = (100, 200, 400, 600, 1000)
QUANTILES = (0, 5, 25, 50, 75, 95, 99, 100)
BINS = 40


def inspect_lengths(rows: Dataset, lengths: NDArray[np.int64], max_length: int | None) -> Lengths:
    """The facts of texts with `lengths (N,)` tokens; `max_length` is one more limit to try."""
    n = int(lengths.argmax())
    members = _members(rows)
    edges, counts = _histogram(lengths)
    # A quantile is the length of a text that is there, so that none is between two.
    values = np.percentile(lengths, QUANTILES, method="inverted_cdf").astype(int).tolist()
    return Lengths(
        tokens=int(lengths.sum()),
        mean=float(lengths.mean()),
        quantiles={str(q): value for q, value in zip(QUANTILES, values, strict=True)},
        median_per_label={
            label: int(np.percentile(lengths[places], 50, method="inverted_cdf"))
            for label, places in members.items()
        },
        longest=Example(
            rows.texts[n],
            (rows.place(n),),
            (None if rows.labels is None else rows.labels[n],),
            int((lengths == lengths[n]).sum()),
        ),
        histogram_edges=edges,
        histogram_counts=counts,
        limits=tuple(
            _limit(lengths, limit, members) for limit in sorted({*LIMITS, max_length or LIMITS[0]})
        ),
    )


def _members(rows: Dataset) -> dict[str, NDArray[np.int64]]:
    if rows.labels is None:
        return {}
    names, codes = np.unique(np.array(rows.labels, object), return_inverse=True)
    return {str(name): np.flatnonzero(codes == c) for c, name in enumerate(names)}


def _limit(lengths: NDArray[np.int64], limit: int, members: dict[str, NDArray[np.int64]]) -> Limit:
    lost = np.maximum(lengths - limit, 0)
    return Limit(
        length=limit,
        cut_texts=int((lost > 0).sum()),
        cut_texts_share=float((lost > 0).mean()),
        cut_tokens=int(lost.sum()),
        cut_tokens_share=_share(lost.sum(), lengths.sum()),
        per_label={
            label: _share(lost[places].sum(), lengths[places].sum())
            for label, places in members.items()
        },
    )


def _share(part: np.integer, whole: np.integer) -> float:
    return float(part / whole) if whole else 0.0


def _histogram(lengths: NDArray[np.int64]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bins of equal width up to the 99th percentile; the last holds all that is longer."""
    top = int(np.percentile(lengths, 99, method="inverted_cdf"))
    width = max(1, -(-(top + 1) // BINS))
    bins = top // width + 1
    counts = np.bincount(np.minimum(lengths // width, bins - 1), minlength=bins)
    return tuple(range(0, (bins + 1) * width, width)), tuple(counts.tolist())
