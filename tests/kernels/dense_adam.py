"""Adam and AdamW on whole arrays, as Keras's source reads: what row updates are held to."""

from __future__ import annotations

import numpy as np


class DenseAdam:
    """One parameter `w` and its moments `m` and `v`, in the dtype of `start`."""

    def __init__(self, start, *, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.0):
        self.w, self.m, self.v = start.copy(), np.zeros_like(start), np.zeros_like(start)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.weight_decay, self.steps = epsilon, weight_decay, 0

    def step(self, gradient, rate):
        """Everything that Keras casts to the variable's dtype is cast here."""
        self.steps += 1
        number, g = self.w.dtype.type, gradient.astype(self.w.dtype)
        corrected = rate * np.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        self.w -= self.w * number(self.weight_decay * rate)
        self.m += (g - self.m) * number(1 - self.beta_1)
        self.v += (g * g - self.v) * number(1 - self.beta_2)
        self.w -= self.m * number(corrected) / (np.sqrt(self.v) + number(self.epsilon))
