"""Adversarial training: each text is read again, moved a little to where the network fails.

Miyato, Dai & Goodfellow 2017: the embedded words of a text, seen as one long vector, are moved
by a fixed distance along the gradient of its loss. The network then learns to be right there
too, which no dropout teaches: the direction is the worst one, not one of chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bothways.training._embedding import Pairs

Floats = NDArray[np.float32]


def worst_move(d_x: Floats, pairs: Pairs, texts: int, distance: float) -> Floats:
    """What is added to the embedded word of each pair, `(P, I)`, from its gradient `d_x (P, I)`.

    A word that stands in a text several times moves everywhere alike, by the mean of its
    gradients. Over all its tokens a text moves by `distance`, a Euclidean norm; a text
    without a gradient stays.
    """
    count = np.bincount(pairs.pair_of, minlength=len(pairs.text)).astype(np.float32)
    move = d_x * (1 / np.maximum(count, 1)).astype(np.float32)[:, None]
    squares = np.einsum("pi,pi->p", move, move) * count
    norm = np.sqrt(np.bincount(pairs.text, squares, minlength=texts))
    scale = np.divide(distance, norm, out=np.zeros(texts), where=norm > 0)
    return move * scale.astype(np.float32)[pairs.text][:, None]
