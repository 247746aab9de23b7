"""Word vectors for the embedding to begin with, and how many words and tokens have one."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.corpus import Words
from bothways.errors import ArgumentError
from bothways.estimators._unlabeled import with_unlabeled
from bothways.text import TextVectorizer
from bothways.training import Preset
from bothways.vectors import SPREAD, Vectors, learn_vectors, read_vectors, tell_labels


def vectors_of(
    estimator: Any, recipe: Preset, vectorizer: TextVectorizer
) -> tuple[Preset, Vectors | None]:
    """The rows of the estimator's file, None without one, and the recipe with an embedding as
    wide as they are.

    The rows are scaled, all alike, to the standard deviation `SPREAD`: how large numbers are
    differs between files, and means nothing.

    Raises `ArgumentError` if `vectors` is no path, and `DataError` for a file without use.
    """
    path = estimator.vectors
    if path is None:
        return recipe, None
    if not isinstance(path, (str, PathLike)):
        raise ArgumentError(f"vectors must be the path of a file, got {path!r}")
    vectors = read_vectors(path, vectorizer)
    spread = vectors.rows[vectors.found].std(dtype=np.float64)
    if spread > 0:
        vectors = vectors._replace(rows=vectors.rows * np.float32(SPREAD / spread))
    return replace(recipe, embedding_dim=vectors.rows.shape[1]), vectors


def learned(
    recipe: Preset,
    vectorizer: TextVectorizer,
    ids: Ragged,
    labels: NDArray[Any],
    others: list[str],
    seed: int,
    threads: int,
) -> Vectors | None:
    """The rows that the training texts, as `ids`, with their `labels` and the unlabelled `others`
    teach; None if the recipe learns none."""
    if recipe.word_vectors == "random":
        return None
    every = with_unlabeled(ids, vectorizer.encode(others, threads=threads).ids)
    size, dim = vectorizer.vocabulary_size, recipe.embedding_dim
    vectors = learn_vectors(every, size, dim, seed=seed)
    return tell_labels(vectors, ids, labels) if recipe.word_vectors == "learned" else vectors


def coverage(estimator: Any, recipe: Preset, vectors: Vectors | None, ids: Ragged) -> dict:
    """The facts about the vectors for the spec: `words` of `of_words` in the vocabulary have
    one, `composed` of them from parts of words, and so has `token_share` of the tokens `ids`."""
    if vectors is None:
        return {}
    counts = np.bincount(ids.values, minlength=len(vectors.found))
    return _coverage(estimator, recipe, vectors, counts, int(counts.sum()))


def coverage_of_words(estimator: Any, recipe: Preset, vectors: Vectors, words: Words) -> dict:
    """The same, of all tokens of the texts that `words` were counted in, before any is cut."""
    counts = np.array([0, 0, *words.counts], np.int64)
    return _coverage(estimator, recipe, vectors, counts, words.tokens)


def _coverage(
    estimator: Any, recipe: Preset, vectors: Vectors, counts: NDArray[np.int64], tokens: int
) -> dict:
    return {
        "vectors": {
            "source": fspath(estimator.vectors),
            "width": vectors.rows.shape[1],
            "width_of_preset": recipe.embedding_dim,
            "words": int(vectors.found.sum()),
            "of_words": len(vectors.found) - 2,
            "composed": vectors.composed,
            "token_share": float(counts[vectors.found].sum() / max(1, tokens)),
        }
    }
