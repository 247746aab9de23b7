"""The classic model in Keras, for the backend that the caller has put into KERAS_BACKEND."""

import importlib

import keras
from _classic import (
    BETAS,
    DROPOUT,
    EPSILON,
    HIDDEN,
    INPUT,
    LEARNING_RATE,
    LONGEST,
    RHO,
    VOCABULARY,
    first_weights,
)
from _training import training_peer


def classic(optimizer, jit_compile, metrics=(), layers=keras.layers):
    """Return the compiled model; ids (N, L) int32, 0 is padding and masked.

    `layers` is where its LSTM and Bidirectional come from.
    """
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, INPUT, mask_zero=True),
            layers.Bidirectional(layers.LSTM(HIDDEN)),
            keras.layers.Dropout(DROPOUT),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    if optimizer == "Adam":
        rule = keras.optimizers.Adam(LEARNING_RATE, *BETAS, epsilon=EPSILON)
    else:
        rule = keras.optimizers.RMSprop(LEARNING_RATE, rho=RHO, epsilon=EPSILON)
    model.compile(rule, "binary_crossentropy", metrics=list(metrics), jit_compile=jit_compile)
    return model


def prepare_keras(options, package, jit_compile):
    """Return the peer. In turns of five, `train_on_batch` took 203 ms on TensorFlow, `fit` 260."""
    layers = importlib.import_module(options.get("layers", "keras.layers"))
    if layers.__name__ == "bothways.keras" and package == "jax":
        from bothways.kernels import jax_handlers  # our own environment alone has it

        if jax_handlers() is None:
            raise SystemExit("bothways was compiled without jaxlib: its layers would be Keras's")
    model = classic(options["optimizer"], jit_compile, layers=layers)
    model.set_weights(list(first_weights().values()))
    return training_peer(
        options["folder"],
        form=lambda texts: (texts.padded(LONGEST), texts.labels),
        step=lambda batch: model.train_on_batch(*batch),
        probabilities=lambda texts: model.predict_on_batch(texts.padded(LONGEST)),
        settings=f"Masked, padded to {LONGEST}; train_on_batch, {options['optimizer']}, "
        f"jit_compile={jit_compile}, LSTM and Bidirectional of {layers.__name__}.",
        packages=["keras", package],
        warm=2,
    )
