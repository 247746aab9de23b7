"""What is left of a text in the state of a reader that goes on to read zeros."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.runtime import Model

STEPS = (0, 5, 10, 20, 50, 100, 200, 300, 400, 500, 600)
"""Zeros behind a text."""

TEXTS, TOKENS = 64, 200


def fading(model: Model, texts: Sequence[str], *, threads: int | None = None) -> NDArray:
    """How far apart the forward states of two texts are after so many zeros of padding, as a share
    of how far apart they were before: `(len(STEPS),)`, the first one 1.

    In the mean over the first 64 texts with tokens, each beside the next one, at most 200 tokens of
    each. Where the states of all texts come to be the same, what was read is forgotten.
    """
    encoded = model.vectorizer.encode_whole(list(texts[: 2 * TEXTS]), threads or 1)
    some = [ids[-TOKENS:] for ids in (encoded[n] for n in range(len(encoded))) if len(ids)][:TEXTS]
    if len(some) < 2:
        return np.ones(len(STEPS))
    zeros = np.zeros(STEPS[-1], np.int32)
    batch = Ragged.from_list([np.concatenate([ids, zeros]) for ids in some])
    H = model.spec.network.hidden_size
    states = model.network.outputs(batch, threads=threads)[:, :H].astype(np.float64)
    ends = batch.offsets[1:] - 1 - STEPS[-1]
    at = np.stack([states[ends + step] for step in STEPS])  # (steps, texts, H)
    apart = np.linalg.norm(at - np.roll(at, 1, axis=1), axis=2).mean(axis=1)
    return apart / apart[0] if apart[0] else np.ones(len(STEPS))
