"""What the kernels do not do takes Keras's own way, and that is said once."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from pairs import as_list, assert_alike, stock_and_ours, weights_of

import bothways.keras

X = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
REASONS = {
    "activation is not tanh": {"activation": "relu"},
    "recurrent_activation is not sigmoid": {"recurrent_activation": "hard_sigmoid"},
    "unroll=True asks for a loop in Python": {"unroll": True},
    "the dtype policy is mixed_bfloat16, the kernels compute in float32": {
        "dtype": "mixed_bfloat16"
    },
}


@pytest.mark.parametrize("merge", ["none at all", "concat"])
@pytest.mark.parametrize("reason", REASONS)
def test_keras_s_own_way(reason, merge):
    stock, ours = stock_and_ours(3, 4, merge=merge, **REASONS[reason])
    with pytest.warns(UserWarning, match=f"own, slower way is taken. LSTM: {reason}") as told:
        found = as_list(ours(X))
    assert len([t for t in told if t.category is UserWarning]) == 1
    for a, b in zip(found, as_list(stock(X)), strict=True):
        np.testing.assert_array_equal(a, b)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours(X)


@pytest.mark.parametrize("merge", ["none at all", "concat"])
def test_recurrent_dropout_counts_in_training_alone(merge):
    stock, ours = stock_and_ours(3, 4, merge=merge, recurrent_dropout=0.5)
    assert_alike(as_list(ours(X)), as_list(stock(X)))
    with pytest.warns(UserWarning, match=r"recurrent_dropout is 0\.5 in training"):
        ours(X, training=True)


def test_dropout_of_each_gate():
    _, ours = stock_and_ours(3, 4, dropout=0.5, implementation=1, use_cudnn=False)
    with pytest.warns(UserWarning, match="implementation=1"):
        ours(X, mask=np.ones((2, 5), bool), training=True)


def test_cudnn_is_not_forgotten():
    _, ours = stock_and_ours(3, 4, use_cudnn=True)
    with (
        pytest.warns(UserWarning, match="use_cudnn=True"),
        pytest.raises(ValueError, match="cuDNN is not supported"),
    ):
        ours(X, mask=np.ones((2, 5), bool))


def test_other_layers_inside():
    for inner in (keras.layers.GRU(3), keras.layers.LSTM(3)):
        layer = bothways.keras.Bidirectional(inner)
        name = type(inner).__name__
        with pytest.warns(UserWarning, match=f"the layer is a keras.*{name}, not a bothways"):
            layer(X)


def test_keras_s_bidirectional_takes_our_layer():
    stock, _ = stock_and_ours(3, 4, merge="mul")
    mixed = keras.layers.Bidirectional(bothways.keras.LSTM(3), merge_mode="mul")
    mixed.build((None, None, 4))
    mixed.set_weights(weights_of(stock))
    mask = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 1, 1]], bool)
    assert_alike(as_list(mixed(X, mask=mask)), as_list(stock(X, mask=mask)))
