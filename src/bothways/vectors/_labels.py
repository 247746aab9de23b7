"""What the labels of the training texts say of a word, as features of its vector.

The log of how much more often a word is found in texts with a label than in the others: the
weights of naive Bayes, and what Wang & Manning 2012 give a classifier to begin with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.vectors._counts import word_counts
from bothways.vectors._rows import SPREAD, Vectors

# Texts of each side that every word is counted in besides those it is in: what few texts say
# of a rare word is mostly chance.
_SMOOTHING = 10.0
# Their length beside that of one other feature. `docs/accuracy.md` has what was measured.
_LOUDNESS = 5.0


def tell_labels(vectors: Vectors, ids: Ragged, labels: NDArray) -> Vectors:
    """The vectors, their last features replaced by what `N` labelled texts, ids `(T,)`, say.

    `labels`: `(N,)` whole numbers, or `(N, C)` bool where a text may have several. One feature
    for two labels, else one for each; none at all where that were more than a quarter of the
    vector. Words that no vector was found for stay zero.
    """
    V, dim = vectors.rows.shape
    several = labels.ndim == 2
    wanted = labels if several else labels[:, None] == np.arange(labels.max(initial=0) + 1)
    if not several and wanted.shape[1] == 2:
        wanted = wanted[:, 1:]
    if 4 * wanted.shape[1] > dim:
        return vectors
    found = word_counts(ids, V)
    text, word = np.repeat(np.arange(len(ids)), np.diff(found.indptr)), found.indices
    rows = vectors.rows.copy()
    told = rows[:, dim - wanted.shape[1] :]
    for column, mine in zip(told.T, wanted.T, strict=True):
        inside, outside = (
            np.bincount(word[side[text]], minlength=V) + _SMOOTHING for side in (mine, ~mine)
        )
        column[:] = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    told[~vectors.found] = 0
    length = np.sqrt(np.square(told[vectors.found]).sum(axis=1).mean()) if told.any() else 1.0
    told *= np.float32(_LOUDNESS * SPREAD / length)
    return vectors._replace(rows=rows)
