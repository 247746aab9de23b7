"""Which words matter to a model, and the model without the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bothways.artifact import TABLE, Spec, layer_names

Floats = NDArray[np.float32]

# The padding and [UNK], which are no words and always stay.
SPECIAL = 2

# How much of a word's rank counts. Of 0 to 1 the best on film reviews and on questions:
# `docs/small.md` has the measurement.
_RANK = 0.3


def by_importance(tensors: Mapping[str, Floats]) -> NDArray[np.int64]:
    """The ids of the words, `(V - 2,)`, those first whose loss would change most.

    A word that is dropped is read as [UNK]: what the gates of the first layer get from it
    changes by `||(e - e_unk) K||`, with `e` its row and `K` that layer's kernel. That is
    divided by `rank ** 0.3`, as the vocabulary is in the order of frequency and a rare word
    changes few texts.
    """
    table, kernel = tensors[TABLE], tensors[layer_names(0)[0]]
    apart = table[SPECIAL:] - table[1]
    # The squared norm by the Gram matrix: no V * D * 4H numbers in memory.
    gram = kernel @ kernel.T
    squared = np.einsum("vi,vi->v", apart @ gram, apart, dtype=np.float64)
    importance = np.sqrt(np.maximum(squared, 0)) / _ranks(len(apart)) ** _RANK
    return np.argsort(-importance, kind="stable") + SPECIAL


def keep_words(
    spec: Spec, tensors: Mapping[str, Floats], words: NDArray[np.int64]
) -> tuple[Spec, dict[str, Floats]]:
    """The model with the words of these ids alone, in the order that they had.

    The row of [UNK], which now stands for the dropped ones too, becomes their mean, weighted
    by how often they are met: `1 / rank` (Zipf's law), and 1 for those it stood for before.
    """
    table, vocabulary = tensors[TABLE], spec.vectorizer.vocabulary
    kept = np.concatenate([np.arange(SPECIAL), np.sort(words)])
    weight = np.concatenate([[0.0, 1.0], 1 / _ranks(len(table) - SPECIAL)])
    weight[kept[SPECIAL:]] = 0
    rows = table[kept]
    rows[1] = weight @ table / weight.sum()
    shorter = replace(spec.vectorizer, vocabulary=tuple(vocabulary[n] for n in kept.tolist()))
    return replace(spec, vectorizer=shorter), {**tensors, TABLE: rows}


def _ranks(count: int) -> NDArray[np.float64]:
    return np.arange(1, count + 1, dtype=np.float64)
