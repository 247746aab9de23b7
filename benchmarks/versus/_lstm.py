"""A bidirectional LSTM in plain NumPy: first weights, and the truth in float64.

The truth reads one text at a time and one token at a time.
"""

import numpy as np

WAYS, PARTS = ("forward", "backward"), ("kernel", "recurrent_kernel", "bias")
Weights = dict[str, np.ndarray]


def glorot(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Draw a matrix as Keras's glorot_uniform, float32."""
    bound = np.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns)).astype(np.float32)


def first_lstm(rng: np.random.Generator, inputs: int, hidden: int) -> Weights:
    """Draw both directions by Keras's initializers, float32, in Keras's layout."""
    weights = {}
    for way in WAYS:
        orthogonal = np.linalg.qr(rng.normal(size=(4 * hidden, hidden)))[0].T
        weights[f"{way}_kernel"] = glorot(rng, inputs, 4 * hidden)
        weights[f"{way}_recurrent_kernel"] = orthogonal.astype(np.float32)
        weights[f"{way}_bias"] = np.repeat([0, 1, 0, 0], hidden).astype(np.float32)
    return weights


def joined(weights: Weights) -> Weights:
    """Join the directions as Bothways does: kernel (I, 8H), recurrent (2, H, 4H), bias (8H,)."""
    kernel, recurrent, bias = ([weights[f"{way}_{part}"] for way in WAYS] for part in PARTS)
    return {
        "kernel": np.concatenate(kernel, axis=1),
        "recurrent_kernel": np.stack(recurrent),
        "bias": np.concatenate(bias),
    }


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def true_states(weights: Weights, x: np.ndarray) -> np.ndarray:
    """Read x (T, I) from both ends: the states (T, 2H) float64, those from the front first."""

    def read(way: str, x: np.ndarray) -> np.ndarray:
        kernel, recurrent, bias = (weights[f"{way}_{part}"].astype(np.float64) for part in PARTS)
        h = c = np.zeros(len(recurrent))
        states = []
        for projected in x.astype(np.float64) @ kernel + bias:
            i, f, g, o = np.split(projected + h @ recurrent, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            states.append(h)
        return np.stack(states)

    return np.concatenate([read("forward", x), read("backward", x[::-1])[::-1]], axis=1)
