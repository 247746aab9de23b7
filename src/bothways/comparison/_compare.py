"""Train variants with several seeds on the same texts, and compare their answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.comparison._fading import STEPS, fading
from bothways.comparison._variants import Variant
from bothways.data import Dataset
from bothways.errors import DataError, listed
from bothways.estimators import TextClassifier

LEVEL = 0.95
PARTS = 5
"""Groups of the test texts by length."""

Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Trained:
    """A variant, trained with each seed: the accuracies on the test texts in the order of the
    seeds, and their means in groups of texts by length; seconds of a training in the mean; and
    how far apart two texts' forward states are after zeros (`fading`)."""

    name: str
    recipe: dict[str, Any]
    accuracies: tuple[float, ...]
    accuracy: float
    by_length: tuple[float, ...]
    seconds: float
    fading: tuple[float, ...]


@dataclass(frozen=True)
class Difference:
    """The accuracy of `first` less that of `second`, in the mean over seeds.

    `interval` (95 %) is Student's, over the texts, of their paired differences. `p_value` is that
    of the exact sign test over the texts of which one was right with more seeds, `first_better`
    and `second_better` of them: with one seed McNemar's exact test. Both are about other texts
    of the same kind; `by_seed`, the difference with each, is about chance in training.
    """

    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    p_value: float
    first_better: int
    second_better: int
    by_seed: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """What `bothways compare` tells. `lengths` are the limits of the groups of texts by length, in
    tokens, each with the longest that belongs to it."""

    train_texts: int
    test_texts: int
    seeds: int
    lengths: tuple[int, ...]
    variants: tuple[Trained, ...]
    differences: tuple[Difference, ...]

    def document(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {"zeros": list(STEPS), **asdict(self)}


def compare_recipes(
    train: Dataset,
    test: Dataset,
    variants: Sequence[Variant],
    *,
    seeds: int = 3,
    threads: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Train each variant with the seeds 0, 1, ... on `train`, of which each seed holds the same
    fifth out for all variants, and compare them on `test`.

    `tell` gets a line after each training. Raises `DataError` if `test` has no text, or a label
    that `train` lacks.
    """
    if not len(test):
        raise DataError(f"{test.source}: there are no texts to test on")
    known = set(train.labels or [])
    unknown = sorted(set(test.labels or []) - known)
    if unknown:
        raise DataError(
            f"{test.source}: has labels that the training texts lack: {listed(unknown)}"
        )
    shared = set(train.texts) & set(test.texts)
    if shared:
        tell(f"{len(shared):,} texts to test on are among those to train on, and stay")
    truth = np.array(test.labels)
    right: dict[str, list[Right]] = {variant.name: [] for variant in variants}
    seconds: dict[str, list[float]] = {variant.name: [] for variant in variants}
    faded: dict[str, list[NDArray]] = {variant.name: [] for variant in variants}
    groups: list[NDArray[np.int64]] = []
    limits: tuple[int, ...] = ()
    for seed in range(seeds):
        for name, recipe in variants:
            begin = time.perf_counter()
            classifier = TextClassifier(preset=recipe, random_state=seed, threads=threads)
            model = classifier.fit(train.texts, np.array(train.labels)).model_
            seconds[name].append(time.perf_counter() - begin)
            right[name].append(classifier.predict(test.texts) == truth)
            faded[name].append(fading(model, test.texts, threads=threads))
            if not groups:
                whole = model.vectorizer.encode_whole(test.texts).lengths
                groups, limits = _groups(whole)
            tell(
                f"{name}, seed {seed}: {right[name][-1].mean():.4f} after {seconds[name][-1]:.1f} s"
            )
    return Comparison(
        len(train),
        len(test),
        seeds,
        limits,
        tuple(
            Trained(
                name,
                asdict(replace(recipe, name=name)),
                tuple(float(r.mean()) for r in right[name]),
                float(np.mean(right[name])),
                tuple(float(np.mean([r[group] for r in right[name]])) for group in groups),
                float(np.mean(seconds[name])),
                tuple(np.mean(faded[name], axis=0).tolist()),
            )
            for name, recipe in variants
        ),
        tuple(
            difference(first.name, second.name, np.array(right[first.name]),
                       np.array(right[second.name]))
            for first, second in combinations(variants, 2)
        ),
    )  # fmt: skip


def difference(first: str, second: str, one: Right, other: Right) -> Difference:
    """What sets two apart that were right or wrong, `(S, N)`, with `S` seeds on `N` texts."""
    from scipy.stats import binomtest, ttest_rel

    a, b = one.mean(axis=0), other.mean(axis=0)
    better, worse = int((a > b).sum()), int((a < b).sum())
    if better + worse:
        interval = ttest_rel(a, b).confidence_interval(LEVEL)
        p_value = float(binomtest(better, better + worse).pvalue)
        low, high = float(interval.low), float(interval.high)
    else:  # alike on every text: there is no variance to test with
        low = high = 0.0
        p_value = 1.0
    return Difference(
        first,
        second,
        float(a.mean() - b.mean()),
        (low, high),
        p_value,
        better,
        worse,
        tuple((one.mean(axis=1) - other.mean(axis=1)).tolist()),
    )


def _groups(lengths: NDArray[np.int64]) -> tuple[list[NDArray[np.int64]], tuple[int, ...]]:
    """Up to `PARTS` groups of about as many texts, by length, and the longest length of each."""
    limits = np.unique(np.quantile(lengths, np.arange(1, PARTS + 1) / PARTS, method="higher"))
    group = np.searchsorted(limits, lengths)
    return [np.flatnonzero(group == n) for n in range(len(limits))], tuple(limits.tolist())
