"""The classic model's sizes, first weights and data, in NumPy alone: the same for every peer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _lstm import first_lstm, glorot, sigmoid, true_states

VOCABULARY, LONGEST, INPUT, HIDDEN, BATCH = 20_000, 600, 256, 32, 32
DROPOUT, LEARNING_RATE = 0.5, 0.001
RHO, BETAS, EPSILON = 0.9, (0.9, 0.999), 1e-7  # of RMSprop, of Adam, of both: Keras's own
TRAIN_BATCHES, INFER_TEXTS = 64, 2048


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
    # Uniform in ±0.05, and no float64 copy on the way: the workers' peak memory is a figure.
    embedding = rng.random((VOCABULARY, INPUT), np.float32) * 0.1 - 0.05
    return {
        "embedding": embedding.astype(np.float32, copy=False),
        **first_lstm(rng, INPUT, HIDDEN),
        "dense_kernel": glorot(rng, 2 * HIDDEN, 1),
        "dense_bias": np.zeros(1, np.float32),
    }


def true_probabilities(weights: dict[str, np.ndarray], texts: Texts) -> np.ndarray:
    """The model in float64, one text at a time, one token at a time: (N,) probabilities."""
    features = []
    for ids in map(texts.ids, range(len(texts))):
        states = true_states(weights, weights["embedding"][ids])
        features.append(np.concatenate([states[-1, :HIDDEN], states[0, HIDDEN:]]))
    kernel, bias = (weights[f"dense_{part}"].astype(np.float64) for part in ("kernel", "bias"))
    return sigmoid(np.stack(features) @ kernel + bias)[:, 0]


def difference(probabilities: np.ndarray, texts: Texts) -> float:
    """The largest difference from the truth under the first weights; padding read shows here."""
    truth = true_probabilities(first_weights(), texts)
    return float(np.abs(np.asarray(probabilities, np.float64).reshape(-1) - truth).max())
