"""How often each word stands in each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bothways import Ragged

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def word_counts(ids: Ragged, vocabulary_size: int) -> csr_matrix:
    """Of `N` texts, ids `(T,)`: `(N, V)` float32, each pair of text and word stored once."""
    from scipy import sparse

    ones = np.ones(len(ids.values), np.float32)
    # Copies: scipy sorts the arrays it is given in place.
    parts = (ones, ids.values.copy(), ids.offsets.copy())
    counts = sparse.csr_matrix(parts, shape=(len(ids), vocabulary_size))
    counts.sum_duplicates()
    return counts
