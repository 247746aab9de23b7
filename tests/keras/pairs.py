"""A layer of Keras and ours with the same weights, and what each makes of the same numbers."""

from __future__ import annotations

import keras
import numpy as np

import bothways.keras

BACKEND = keras.backend.backend()


def stock_and_ours(units, features, *, merge="none at all", seed=0, **options):
    """`LSTM(units)`, or `Bidirectional` over it with that `merge`, of Keras and of Bothways."""
    layers = []
    for home in (keras.layers, bothways.keras):
        layer = home.LSTM(units, **options)
        if merge != "none at all":
            layer = home.Bidirectional(layer, merge_mode=merge)
        layers.append(layer)
        layer.build((None if not options.get("stateful") else 2, None, features))
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 0.7, w.shape).astype(np.float32) for w in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def weights_of(layer):
    return as_list([weight.value for weight in layer.weights])


def as_list(result):
    return [keras.ops.convert_to_numpy(r) for r in keras.tree.flatten(result)]


def results(layer, x, mask=None, states=None, *, training=False, seed=0):
    """What `layer` gives, and the gradients of `x`, of the states and of each weight, when a
    drawn direction comes from above; all as NumPy arrays."""
    trainable = [w.value for w in layer.trainable_variables]
    given = [x, *(states or ())]
    shapes = [np.shape(r) for r in as_list(_call(layer, given, mask, training))]
    rng = np.random.default_rng(seed)
    above = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    if BACKEND == "torch":
        return _by_torch(layer, given, mask, training, trainable, above)
    return _by_jax(layer, given, mask, training, trainable, above)


def without_gradients(layer, x, mask):
    """What `layer` gives where no gradient is wanted."""
    if BACKEND != "torch":
        return layer(x, mask=mask)
    import torch

    with torch.no_grad():
        return layer(x, mask=mask)


def _call(layer, given, mask, training):
    x, *states = (keras.ops.convert_to_tensor(g) for g in given)
    mask = None if mask is None else keras.ops.convert_to_tensor(mask)
    options = {"initial_state": states} if states else {}
    return layer(x, mask=mask, training=training, **options)


def _by_torch(layer, given, mask, training, trainable, above):
    import torch

    leaves = [torch.tensor(g, requires_grad=True) for g in given]
    found = keras.tree.flatten(_call(layer, leaves, mask, training))
    total = sum((f * torch.from_numpy(a)).sum() for f, a in zip(found, above, strict=True))
    gradients = torch.autograd.grad(total, [*leaves, *trainable], materialize_grads=True)
    return [t.detach().numpy() for t in (*found, *gradients)]


def _by_jax(layer, given, mask, training, trainable, above):
    import jax

    fixed = [v.value for v in layer.non_trainable_variables]

    def total(leaves, weights):
        x, *states = leaves
        options = {"initial_state": states} if states else {}
        found, _ = layer.stateless_call(weights, fixed, x, mask=mask, training=training, **options)
        found = keras.tree.flatten(found)
        return sum((f * a).sum() for f, a in zip(found, above, strict=True)), found

    both = jax.jit(jax.grad(total, argnums=(0, 1), has_aux=True))
    (leaves, weights), found = both([keras.ops.convert_to_tensor(g) for g in given], trainable)
    return as_list([*found, *leaves, *weights])


def assert_alike(ours, theirs):
    """Equal but for the rounding of float32."""
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert a.shape == b.shape and a.dtype == b.dtype == np.float32, k
        assert np.isfinite(a).all(), k
        if a.size:
            limit = 1e-5 * max(1.0, float(np.abs(b).max()))
            assert np.abs(a - b).max() <= limit, (k, np.abs(a - b).max(), limit)


def assert_same_bits(a, b):
    """Equal in every bit."""
    assert a.shape == b.shape and a.dtype == b.dtype
    assert a.tobytes() == b.tobytes()
