"""Drawn ragged batches with weights, lengths 0 and 1 among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st


@dataclass
class Problem:
    """A ragged batch over a small vocabulary and the weights of a recurrent layer."""

    ids: np.ndarray
    offsets: np.ndarray
    table: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    recurrent: np.ndarray
    h0: np.ndarray
    c0: np.ndarray

    def astype(self, dtype):
        floats = ("table", "kernel", "bias", "recurrent", "h0", "c0")
        cast = {k: v.astype(dtype) if k in floats else v for k, v in vars(self).items()}
        return Problem(**cast)


def make(lengths, *, V=7, I=5, H=6, D=2, seed=0, scale=0.5) -> Problem:  # noqa: E741
    rng = np.random.default_rng(seed)
    lengths = np.asarray(lengths, np.int64)
    N, T = len(lengths), int(lengths.sum())

    def draw(*shape):
        return (rng.normal(size=shape) * scale).astype(np.float32)

    return Problem(
        rng.integers(0, V, T).astype(np.int32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        *(draw(V, I), draw(I, D * 4 * H), draw(D * 4 * H), draw(D, H, 4 * H)),
        *(draw(D, N, H), draw(D, N, H)),
    )


def lengths(max_size=12):
    few = st.sampled_from([0, 0, 1, 1, 2, 3, 5, 9])
    return st.lists(few, min_size=0, max_size=max_size)


problems = st.builds(
    make,
    lengths(),
    V=st.sampled_from([1, 2, 7, 40]),
    I=st.sampled_from([1, 3, 16, 33]),
    H=st.sampled_from([1, 2, 7, 16, 17, 33, 64]),
    D=st.sampled_from([1, 2]),
    seed=st.integers(0, 2**16),
)
