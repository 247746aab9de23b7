"""Word vectors learned from the texts themselves, before any label is looked at.

Two kinds of company say what a word is like. Half of the features come from the words within
a few places (what can stand here?), half from the texts that a word is found in (what is the
talk of?). Both are counted, and the counts factorised: seconds, where gradient descent on
the same objective (Mikolov et al. 2013) takes minutes; Levy & Goldberg 2014 show how close
the two are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.errors import require
from bothways.vectors._counts import word_counts
from bothways.vectors._rows import SPREAD, Vectors

Floats = NDArray[np.float32]

# Padding and the unknown word have no company of their own.
_FIRST_WORD = 2
_WINDOW = 5
# Contexts are smoothed, so that rare ones do not look telling (Levy, Goldberg & Dagan 2015).
_SMOOTHING = 0.75


def learn_vectors(ids: Ragged, vocabulary_size: int, dim: int, *, seed: int = 0) -> Vectors:
    """A row for each word of the vocabulary that is in `N` texts, ids `(T,)`: `(V, dim)`.

    Padding and the unknown word have none. The root of the mean square of an element is
    `SPREAD`. Of `dim` features the first half, rounded up, is of near words, the rest of texts;
    there are no more than the counts have, the others are zero. The same seed gives the same
    bits, on any number of threads.

    Raises `MissingExtraError` without scikit-learn.
    """
    require("sklearn", extra="train", purpose="learning word vectors")
    near, of_texts = (dim + 1) // 2, dim // 2
    parts = [_factors(_near(ids, vocabulary_size), near, seed)]
    if of_texts:
        vectors = _factors(_in_texts(ids, vocabulary_size), of_texts, seed)
        parts.append(_apart(vectors, ids))
    found = np.bincount(ids.values, minlength=vocabulary_size) > 0
    found[:_FIRST_WORD] = False
    rows = np.concatenate([_spread(part, found) for part in parts], axis=1)
    return Vectors(rows, found)


def _near(ids: Ragged, V: int):
    """How much oftener words stand near each other than by chance, where they do: `(V, V)`.

    Positive pointwise mutual information; a pair `d` places apart counts `1 / d` times.
    """
    from scipy import sparse

    values, text = ids.values, np.repeat(np.arange(len(ids)), ids.lengths)
    counts = sparse.csr_matrix((V, V), dtype=np.float32)
    for d in range(1, _WINDOW + 1):
        left, right = values[:-d], values[d:]
        pair = (text[:-d] == text[d:]) & (left >= _FIRST_WORD) & (right >= _FIRST_WORD)
        ones = np.full(np.count_nonzero(pair), 1 / d, np.float32)
        counts = counts + sparse.csr_matrix((ones, (left[pair], right[pair])), shape=(V, V))
    counts = (counts + counts.T).tocoo()
    of_word = np.asarray(counts.sum(axis=1), np.float64).ravel()
    context = of_word**_SMOOTHING
    context /= max(context.sum(), 1e-12)
    row, column = counts.coords
    information = np.log(counts.data / (of_word[row] * context[column])).astype(np.float32)
    telling = information > 0
    return sparse.csr_matrix((information[telling], (row[telling], column[telling])), shape=(V, V))


def _in_texts(ids: Ragged, V: int):
    """Which texts a word is found in, `(V, N)`: rare words and short texts count more."""
    N, found = len(ids), word_counts(ids, V)
    texts = np.bincount(found.indices, minlength=V)
    inverse = np.log((N + 1) / (texts + 1)) * (np.arange(V) >= _FIRST_WORD)
    distinct = np.diff(found.indptr)
    found.data[:] = inverse[found.indices] / np.sqrt(np.repeat(distinct, distinct))
    return found.T.tocsr()


def _factors(counts, dim: int, seed: int) -> Floats:
    """The left singular vectors times the roots of the singular values, `(V, dim)`."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    vectors = np.zeros((counts.shape[0], dim), np.float32)
    k = min(dim, *counts.shape)
    if not counts.nnz:
        return vectors
    # Sums of LAPACK depend on its number of threads, results of ours do not.
    with threadpool_limits(1):
        left, values, _ = randomized_svd(counts, k, n_iter=2, random_state=seed)
    vectors[:, :k] = left * np.sqrt(values)
    return vectors


def _apart(vectors: Floats, ids: Ragged) -> Floats:
    """Less the mean of all tokens, which every word has in common, and with lengths that
    differ less: their roots."""
    count = np.bincount(ids.values, minlength=len(vectors)).astype(np.float32)
    count[:_FIRST_WORD] = 0
    vectors = vectors - count @ vectors / max(count.sum(), 1)
    length = np.sqrt(np.linalg.norm(vectors, axis=1, keepdims=True))
    return vectors / np.maximum(length, np.float32(1e-6))


def _spread(vectors: Floats, found: NDArray[np.bool_]) -> Floats:
    """The rows that are found, their mean square scaled; zeros elsewhere."""
    mean_square = np.square(vectors[found]).mean() if found.any() else 0.0
    scale = np.float32(SPREAD / np.sqrt(mean_square)) if mean_square > 0 else np.float32(0)
    return np.where(found[:, None], vectors * scale, np.float32(0))
