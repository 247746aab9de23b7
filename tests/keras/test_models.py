"""Whole models: with the two names changed they train to the same numbers, and travel in files."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from pairs import as_list, assert_alike, assert_same_bits, stock_and_ours, weights_of

import bothways.keras

HOMES = (keras.layers, bothways.keras)


def classic(home, **options):
    """A small classic model with a second layer."""
    lstm = {
        "return_sequences": True,
        "kernel_regularizer": "l2",
        "recurrent_constraint": "max_norm",
    }
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(30, 6, mask_zero=True),
            home.Bidirectional(home.LSTM(5, **lstm), merge_mode="sum"),
            home.Bidirectional(home.LSTM(4, **options)),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def examples(rows=18, seed=0):
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 30, (rows, 8)) * (np.arange(8) < rng.integers(0, 9, (rows, 1)))
    return ids.astype(np.int32), (ids == 7).any(axis=1).astype(np.float32)


@pytest.fixture
def twins():
    models = [classic(home) for home in HOMES]
    models[1].set_weights(weights_of(models[0]))
    for model in models:
        model.compile(keras.optimizers.RMSprop(0.01), "binary_crossentropy", metrics=["accuracy"])
    return models


def test_training_gives_the_same_numbers(twins):
    histories = [
        model.fit(*examples(), batch_size=9, epochs=2, shuffle=False, verbose=0).history
        for model in twins
    ]
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-5)
    assert_alike(weights_of(twins[1]), weights_of(twins[0]))


def test_names_and_shapes_and_settings_are_keras_s(twins):
    stock, ours = ([(w.path, w.shape) for w in model.weights] for model in twins)
    assert [shape for _, shape in ours] == [shape for _, shape in stock]
    ends = [[path.rpartition("/")[2] for path, _ in one] for one in (stock, ours)]
    assert ends[0] == ends[1]
    layers = stock_and_ours(3, 4, activity_regularizer="l1", seed=5, bias_initializer="ones")
    configs = [layer.get_config() for layer in layers]
    for config in configs:
        config.pop("name")
    assert configs[0] == configs[1]


def test_files_keep_the_model(tmp_path):
    ids, _ = examples()
    stock, ours, other = (classic(home) for home in (*HOMES, bothways.keras))
    ours.save(tmp_path / "ours.keras")
    again = keras.saving.load_model(tmp_path / "ours.keras")
    assert type(again.layers[1]) is bothways.keras.Bidirectional
    assert type(again.layers[1].backward_layer) is bothways.keras.LSTM
    assert_alike([again.predict(ids, verbose=0)], [ours.predict(ids, verbose=0)])
    # Weights go from Keras's layers to ours.
    stock.save_weights(tmp_path / "stock.weights.h5")
    other.load_weights(tmp_path / "stock.weights.h5")
    for a, b in zip(*map(weights_of, (stock, other)), strict=True):
        assert_same_bits(a, b)


def test_the_losses_of_regularizers_are_there(twins):
    stock, ours = (as_list(model.losses) for model in twins)
    assert len(ours) == 2
    assert_alike(ours, stock)


def test_activity_regularizers_of_the_layers_inside():
    stock, ours = stock_and_ours(3, 4, merge="concat", activity_regularizer="l2")
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    for layer in (stock, ours):
        layer(x)
    assert len(ours.losses) == 2
    assert_alike(as_list(ours.losses), as_list(stock.losses))
