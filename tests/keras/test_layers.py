"""The layers give Keras's numbers and gradients, whatever the mask."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairs import (
    BACKEND,
    as_list,
    assert_alike,
    assert_same_bits,
    results,
    stock_and_ours,
    weights_of,
    without_gradients,
)

from bothways.errors import ArgumentError
from bothways.keras import LSTM, Bidirectional

EXAMPLES = {"torch": 25, "jax": 2}[BACKEND]
MASKS = np.array(
    [
        *([1, 1, 1, 0, 0], [1, 1, 1, 1, 0]),  # padded at the end
        *([0, 0, 1, 1, 1], [0, 1, 1, 1, 1]),  # at the beginning
        *([1, 0, 1, 0, 1], [0, 1, 0, 1, 0]),  # between
        *([0, 0, 0, 0, 0], [1, 1, 1, 1, 1]),
    ],
    bool,
)


def draw(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@st.composite
def batches(draw_one):
    N, L, I, H = (draw_one(st.integers(1, most)) for most in (4, 6, 5, 9))  # noqa: E741
    mask = draw_one(st.none() | st.lists(st.booleans(), min_size=N * L, max_size=N * L))
    mask = None if mask is None else np.array(mask).reshape(N, L)
    options = {
        name: draw_one(st.booleans()) for name in ("return_sequences", "return_state", "use_bias")
    }
    return (N, L, I, H), mask, options, draw_one(st.booleans()), draw_one(st.integers(0, 99))


@settings(max_examples=EXAMPLES, deadline=None)
@given(batches(), st.booleans(), st.booleans())
def test_lstm_gives_what_keras_gives(batch, backwards, zeros):
    (N, L, I, H), mask, options, with_states, seed = batch  # noqa: E741
    options |= {"go_backwards": backwards, "zero_output_for_mask": zeros}
    stock, ours = stock_and_ours(H, I, seed=seed, **options)
    states = [draw((N, H), seed + k) for k in range(2)] if with_states else None
    x = draw((N, L, I), seed)
    assert_alike(results(ours, x, mask, states), results(stock, x, mask, states))


@settings(max_examples=EXAMPLES, deadline=None)
@given(batches(), st.sampled_from(["concat", "sum", "mul", "ave", None]))
def test_bidirectional_gives_what_keras_gives(batch, merge):
    (N, L, I, H), mask, options, with_states, seed = batch  # noqa: E741
    stock, ours = stock_and_ours(H, I, merge=merge, seed=seed, **options)
    states = [draw((N, H), seed + k) for k in range(4)] if with_states else None
    x = draw((N, L, I), seed)
    assert_alike(results(ours, x, mask, states), results(stock, x, mask, states))


@pytest.mark.parametrize("merge", ["none at all", "concat"])
def test_masks(merge):
    """What stands at masked steps, NaN and infinity included, changes no bit of anything."""
    options = {"return_sequences": True, "return_state": True}
    stock, ours = stock_and_ours(3, 4, merge=merge, **options)
    states = [draw((8, 3), k) for k in range(2 if merge == "none at all" else 4)]
    x = draw((8, 5, 4))
    found = results(ours, x, MASKS, states)
    assert_alike(found, results(stock, x, MASKS, states))
    for poison in (np.nan, np.inf, 1e30):
        poisoned = np.where(MASKS[:, :, None], x, np.float32(poison))
        for a, b in zip(results(ours, poisoned, MASKS, states), found, strict=True):
            assert_same_bits(a, b)


def test_a_row_alone_is_the_row_in_a_batch():
    _, ours = stock_and_ours(7, 5, merge="concat", return_sequences=True, return_state=True)
    rng = np.random.default_rng(3)
    x, mask = draw((9, 11, 5)), rng.random((9, 11)) < 0.6
    whole = as_list(ours(x, mask=mask))
    for n in range(9):
        alone = as_list(ours(x[n : n + 1], mask=mask[n : n + 1]))
        for a, b in zip(alone, whole, strict=True):
            assert_same_bits(a[0], b[n])


def test_without_gradients_the_bits_are_the_same():
    """A trace is kept for a gradient alone."""
    _, ours = stock_and_ours(7, 5, merge="concat", return_sequences=True, return_state=True)
    x = draw((8, 5, 5))
    found = results(ours, x, MASKS)
    for a, b in zip(as_list(without_gradients(ours, x, MASKS)), found[:5], strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("merge", ["none at all", "concat"])
def test_no_rows(merge):
    _, ours = stock_and_ours(3, 4, merge=merge, return_sequences=True)
    assert as_list(ours(np.zeros((0, 5, 4), np.float32)))[0].shape[:2] == (0, 5)


@pytest.mark.parametrize("merge", ["none at all", "concat"])
def test_stateful_layers_carry_their_states(merge):
    stock, ours = stock_and_ours(3, 4, merge=merge, stateful=True)
    for seed in range(3):
        x = draw((2, 5, 4), seed)
        assert_alike(as_list(ours(x, mask=MASKS[:2])), as_list(stock(x, mask=MASKS[:2])))
    for layer in (stock, ours):
        layer.reset_state()
    assert_alike(as_list(ours(x)), as_list(stock(x)))


@pytest.mark.parametrize("merge", ["none at all", "ave"])
def test_dropout_is_keras_s_own(merge):
    stock, ours = stock_and_ours(3, 40, merge=merge, dropout=0.5, recurrent_dropout=0.0)
    x, mask = draw((2, 5, 40)), MASKS[4:6]
    found = []
    for layer in (stock, ours):
        reseed(layer)
        found.append(as_list(layer(x, mask=mask, training=True)))
    assert_alike(*found)
    assert not np.allclose(found[1][0], as_list(ours(x, mask=mask))[0])


def reseed(layer):
    """The next dropout is drawn as by the other layer: torch has a state, elsewhere layers do."""
    keras.utils.set_random_seed(7)
    for k, inner in enumerate(layer._flatten_layers()):
        if getattr(inner, "seed_generator", None) is not None:
            inner.seed_generator.state.assign([k, 7])


def test_two_layers_with_different_settings():
    for options in ({"units": 3, "use_bias": False}, {"units": 5}):
        layers = []
        for home, wrap in ((keras.layers.LSTM, keras.layers.Bidirectional), (LSTM, Bidirectional)):
            back = home(go_backwards=True, **options)
            layers.append(wrap(home(3), "concat", backward_layer=back))
            layers[-1].build((None, None, 4))
        layers[1].set_weights(weights_of(layers[0]))
        x, mask = draw((2, 5, 4)), MASKS[2:4]
        assert_alike(results(layers[1], x, mask), results(layers[0], x, mask))


def test_sizes_that_do_not_fit_are_refused():
    _, ours = stock_and_ours(3, 4)
    with pytest.raises(ArgumentError, match="was built for 4 features, got 5"):
        ours(draw((2, 5, 5)))
    with pytest.raises(ArgumentError, match=r"states of the shape \(2, 3\), got \(1, 3\)"):
        ours(draw((2, 5, 4)), initial_state=[draw((1, 3)), draw((1, 3))])
    with pytest.raises(ArgumentError, match=r"mask has the shape \(2, 4\) and needs \(2, 5\)"):
        ours(draw((2, 5, 4)), mask=MASKS[:2, :4])
    _, both = stock_and_ours(3, 4, merge="concat")
    for layer, needed in ((ours, 2), (both, 4)):
        with pytest.raises(ArgumentError, match=f"needs {needed} initial states, got 3"):
            layer(draw((2, 5, 4)), initial_state=[draw((2, 3))] * 3)
