"""Golden values from real Keras 3.15.1 (JAX backend): a table under RMSprop, Adam and AdamW.

Run `python make_keras_optimizers.py` in an environment with keras==3.15.1 and jax; it writes
`keras_optimizers.npz` beside itself. Load with `allow_pickle=False`.

    rate (STEPS,) float32               learning rate of each step: a warm-up, then a cosine
    used (STEPS, V) bool                rows that have a gradient; the last never has one
    gradient (STEPS, V, I) float32      zero in the other rows
    NAME/start (V, I), NAME/weights (3, V, I) float32    before, and after CHECKS steps

NAME is rmsprop, adam, adamw with Keras's defaults; small_adam has beta_1 0.8, beta_2 0.99 and
epsilon 1e-3, and strong_adamw a weight decay of 2. Gradients of single columns are 1, 1e-3,
1e-6, 1e-7 and 1e-8 in size, from where epsilon is nothing beside them to where it is all.

What Keras 3.15.1 computes, read in its source: Adam's m += (g - m) (1 - beta_1) and
v += (g^2 - v) (1 - beta_2), then w -= m alpha / (sqrt(v) + epsilon) with
alpha = rate sqrt(1 - beta_2^t) / (1 - beta_1^t); weight decay comes before: w -= w decay rate.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

from pathlib import Path

import jax
import keras
import numpy as np

STEPS, V, CHECKS = 60, 7, (1, 20, 60)
SIZES = np.array([1, 1e-3, 1e-6, 1e-7, 1e-8], np.float32)
OPTIMIZERS = {
    "rmsprop": lambda: keras.optimizers.RMSprop(),
    "adam": lambda: keras.optimizers.Adam(),
    "adamw": lambda: keras.optimizers.AdamW(),
    "small_adam": lambda: keras.optimizers.Adam(beta_1=0.8, beta_2=0.99, epsilon=1e-3),
    "strong_adamw": lambda: keras.optimizers.AdamW(weight_decay=2.0),
}


def main():
    """Drive every optimizer through the same gradients."""
    if keras.__version__ != "3.15.1":
        raise SystemExit(f"These values are those of Keras 3.15.1; this is {keras.__version__}.")
    rng = np.random.default_rng(4)
    steps = np.arange(STEPS)
    rate = np.where(steps < 10, (steps + 1) / 10, (1 + np.cos(steps / 20)) / 2) * 0.02
    used = rng.random((STEPS, V)) < 1 / (1 + 4 * np.arange(V))
    used[:, -1] = False
    gradient = rng.normal(size=(STEPS, V, len(SIZES))) * SIZES * used[:, :, None]
    arrays = {"rate": rate.astype(np.float32), "used": used}
    arrays["gradient"] = gradient.astype(np.float32)
    for name, make in OPTIMIZERS.items():
        start = rng.normal(size=gradient.shape[1:]).astype(np.float32)
        variable, optimizer, weights = keras.Variable(start), make(), []
        optimizer.build([variable])
        for step in range(STEPS):
            optimizer.learning_rate = arrays["rate"][step]
            optimizer.apply([arrays["gradient"][step]])
            if step + 1 in CHECKS:
                weights.append(np.array(variable.value))
        arrays |= {f"{name}/start": start, f"{name}/weights": np.stack(weights)}
    versions = f"keras {keras.__version__}, jax {jax.__version__}, numpy {np.__version__}"
    np.savez_compressed(
        Path(__file__).with_name("keras_optimizers.npz"), versions=np.array(versions), **arrays
    )


if __name__ == "__main__":
    main()
