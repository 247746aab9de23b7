"""The classic model in Keras, for the backend that the caller has put into KERAS_BACKEND."""

import keras
import numpy as np
from _classic import (
    BATCH,
    DROPOUT,
    EPSILON,
    HIDDEN,
    INPUT,
    LEARNING_RATE,
    LONGEST,
    RHO,
    TRAIN_BATCHES,
    VOCABULARY,
    batches,
    difference,
    first_weights,
    read_texts,
)
from _worker import Peer


def prepare_keras(options, package, jit_compile):
    """Return the peer. In turns of five, `train_on_batch` took 203 ms on TensorFlow, `fit` 260."""
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, INPUT, mask_zero=True),
            keras.layers.Bidirectional(keras.layers.LSTM(HIDDEN)),
            keras.layers.Dropout(DROPOUT),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.set_weights(list(first_weights().values()))
    optimizer = keras.optimizers.RMSprop(LEARNING_RATE, rho=RHO, epsilon=EPSILON)
    model.compile(optimizer, "binary_crossentropy", jit_compile=jit_compile)
    held_out = read_texts(options["folder"], "valid").take(np.arange(BATCH))
    probabilities = model.predict_on_batch(held_out.padded(LONGEST))

    texts = batches(read_texts(options["folder"], "train"), TRAIN_BATCHES)
    ready = [(batch.padded(LONGEST), batch.labels) for batch in texts]

    def train(first, count):
        for step in range(first, first + count):
            model.train_on_batch(*ready[step % TRAIN_BATCHES])

    train(0, 2)
    return Peer(
        tasks={"train": train},
        settings=f"Masked, padded to {LONGEST}; train_on_batch, jit_compile={jit_compile}.",
        packages=["keras", package],
        facts={"difference": {"train": difference(probabilities, held_out)}},
    )
