"""The classic model's sizes, first weights and data, in NumPy alone: the same for every peer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

VOCABULARY, LONGEST, INPUT, HIDDEN, BATCH = 20_000, 600, 256, 32, 32
DROPOUT, LEARNING_RATE, RHO, EPSILON = 0.5, 0.001, 0.9, 1e-7
TRAIN_BATCHES, INFER_TEXTS = 64, 2048
PARTS = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True)
class Texts:
    """Ragged ids: values (T,) int32, offsets (N + 1,) int64; labels (N,) float32, 0 or 1."""

    values: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def ids(self, text: int) -> np.ndarray:
        """Return the ids of one text, (length,) int32."""
        return self.values[self.offsets[text] : self.offsets[text + 1]]

    def take(self, texts: np.ndarray) -> "Texts":
        """Return these texts, in this order."""
        parts = [self.ids(text) for text in texts]
        lengths = [len(part) for part in parts]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Texts(np.concatenate(parts), offsets, self.labels[texts])

    def padded(self, width: int | None = None) -> np.ndarray:
        """Return ids (N, width) int32, zeros to the right; width None: that of the longest."""
        lengths = np.diff(self.offsets)
        ids = np.zeros((len(self), width or int(lengths.max())), np.int32)
        ids[np.arange(ids.shape[1]) < lengths[:, None]] = self.values
        return ids


def read_texts(folder: str, name: str) -> Texts:
    """Read what `data.py` prepared: `train` or `valid`."""
    values, offsets, labels = (
        np.load(Path(folder) / f"{name}_{part}.npy", mmap_mode="r")
        for part in ("values", "offsets", "labels")
    )
    return Texts(values, offsets, labels)


def batches(texts: Texts, count: int, size: int = BATCH) -> list[Texts]:
    """Cut the first count * size texts into batches, as they come."""
    return [texts.take(np.arange(size * k, size * (k + 1))) for k in range(count)]


def first_weights() -> dict[str, np.ndarray]:
    """Draw the classic model's weights by Keras's initializers, float32, in Keras's layout."""
    rng = np.random.default_rng(0)

    def glorot(rows: int, columns: int) -> np.ndarray:
        bound = np.sqrt(6 / (rows + columns))
        return rng.uniform(-bound, bound, (rows, columns))

    # Uniform in ±0.05, and no float64 copy on the way: the workers' peak memory is a figure.
    weights = {"embedding": rng.random((VOCABULARY, INPUT), np.float32) * 0.1 - 0.05}
    for way in ("forward", "backward"):
        weights[f"{way}_kernel"] = glorot(INPUT, 4 * HIDDEN)
        weights[f"{way}_recurrent_kernel"] = np.linalg.qr(rng.normal(size=(4 * HIDDEN, HIDDEN)))[
            0
        ].T
        weights[f"{way}_bias"] = np.repeat([0.0, 1.0, 0.0, 0.0], HIDDEN)
    weights |= {"dense_kernel": glorot(2 * HIDDEN, 1), "dense_bias": np.zeros(1)}
    return {name: array.astype(np.float32, copy=False) for name, array in weights.items()}


def true_probabilities(weights: dict[str, np.ndarray], texts: Texts) -> np.ndarray:
    """The model in float64, one text at a time, one token at a time: (N,) probabilities."""

    def double(name: str, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        return weights[name][rows].astype(np.float64)

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def last_state(way: str, ids: np.ndarray) -> np.ndarray:
        kernel, recurrent, bias = (double(f"{way}_{part}") for part in PARTS)
        h = c = np.zeros(HIDDEN)
        for projected in double("embedding", ids) @ kernel + bias:
            i, f, g, o = np.split(projected + h @ recurrent, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return h

    states = [
        np.concatenate([last_state("forward", ids), last_state("backward", ids[::-1])])
        for ids in map(texts.ids, range(len(texts)))
    ]
    return sigmoid(np.stack(states) @ double("dense_kernel") + double("dense_bias"))[:, 0]


def difference(probabilities: np.ndarray, texts: Texts) -> float:
    """The largest difference from the truth under the first weights; padding read shows here."""
    truth = true_probabilities(first_weights(), texts)
    return float(np.abs(np.asarray(probabilities, np.float64).reshape(-1) - truth).max())
