"""A program of its own, as Keras decides on its backend when it is imported.

    python keras_program.py build FOLDER     saves every model below, and what it answers
    python keras_program.py open FOLDER      opens every .keras file there, and saves its answers

Answers are those to the padded ids of `ids.npy` there. Nothing of Bothways is imported.
"""

import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import torch

V, LENGTH = 60, 20
L = keras.layers
MERGES = ("concat", "sum", "mul", "ave")


def bidirectional(units, merge="concat", sequences=False, **options):
    return L.Bidirectional(L.LSTM(units, return_sequences=sequences, **options), merge_mode=merge)


def stacked(layers, merge):
    units = (6, 5, 4)[:layers]
    readers = [bidirectional(u, merge, k < layers - 1) for k, u in enumerate(units)]
    return sequential(*readers)


def sequential(*middle, mask=True, last=None, length=None):
    return keras.Sequential(
        [
            keras.Input((length,), dtype="int64"),
            L.Embedding(V, 8, mask_zero=mask),
            *middle,
            last or L.Dense(1, activation="sigmoid"),
        ]
    )


def functional():
    ids = keras.Input((LENGTH,), dtype="int32")
    x = L.Embedding(V, 8, mask_zero=True)(ids)
    x = L.SpatialDropout1D(0.2)(x)
    x = bidirectional(6, "sum", True, dropout=0.1, recurrent_dropout=0.1)(x)
    x = L.GaussianNoise(0.1)(x)
    x = L.LSTM(5, return_sequences=True)(x)
    x = L.GlobalAveragePooling1D()(x)
    x = L.Dropout(0.5)(x)
    model = keras.Model(ids, L.Activation("softmax")(L.Dense(3)(x)))
    return model


def compiled(model, loss):
    model.compile("rmsprop", loss)
    return model


def models():
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    return {
        **{f"{m}_{n}": stacked(n, m) for m in MERGES for n in (1, 2, 3)},
        "functional": functional(),
        "maximum": sequential(bidirectional(6, "concat", True), L.GlobalMaxPooling1D()),
        "sum_maximum": sequential(
            bidirectional(6, "sum", True), L.GlobalMaxPooling1D(), length=LENGTH
        ),
        "one_way_maximum": sequential(L.LSTM(6, return_sequences=True), L.GlobalMaxPooling1D()),
        "zeros_maximum": sequential(
            L.LSTM(6, return_sequences=True, zero_output_for_mask=True), L.GlobalMaxPooling1D()
        ),
        "mean": sequential(bidirectional(6, "mul", True), L.GlobalAveragePooling1D()),
        "no_mask": sequential(bidirectional(6), mask=False),
        "no_mask_maximum": sequential(
            bidirectional(6, "ave", True), L.GlobalMaxPooling1D(), mask=False, length=LENGTH
        ),
        "no_mask_mean": sequential(
            bidirectional(5, "concat", True),
            *(L.LSTM(4, return_sequences=True), L.GlobalAveragePooling1D()),
            mask=False,
        ),
        "no_bias": sequential(
            bidirectional(6, use_bias=False),
            last=L.Dense(3, activation="softmax", use_bias=False),
        ),
        "several": sequential(bidirectional(6), last=L.Dense(3, activation="sigmoid")),
        "scores": compiled(sequential(bidirectional(6), last=L.Dense(1)), binary),
        "several_scores": compiled(sequential(bidirectional(6), last=L.Dense(3)), binary),
    }


def far_from_zero(model, rng):
    """Weights large enough that every part of the model is heard in its answers."""
    for variable in model.weights:
        size = {"embeddings": 1.0, "bias": 0.2}.get(variable.name, 0.6)
        variable.assign(rng.normal(0, size, variable.shape).astype("float32"))


def main(what, folder):
    ids = np.load(folder / "ids.npy")
    if what == "build":
        rng = np.random.default_rng(3)
        built = models()
        for name, model in built.items():
            far_from_zero(model, rng)
            model.save(folder / f"{name}.keras")
    else:
        paths = sorted(folder.glob("*.keras"))
        built = {path.stem: keras.saving.load_model(path) for path in paths}
    for name, model in built.items():
        np.save(folder / f"{name}.npy", np.asarray(model.predict_on_batch(ids)))


if __name__ == "__main__":
    torch.set_num_threads(1)  # ten times as fast: the steps are small
    warnings.filterwarnings("ignore", message=".*does not support masking.*")
    main(sys.argv[1], Path(sys.argv[2]))
