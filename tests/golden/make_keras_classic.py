"""Golden values from real Keras 3.15.1 (JAX backend): forward outputs and ten training steps.

Run `python make_keras_classic.py` in an environment with keras==3.15.1 and jax; it writes
`keras_classic.npz` beside itself. Names are `case/what`; load with `allow_pickle=False`.

`binary/` and `three/` (Embedding with mask_zero, Bidirectional LSTM, Dense, RMSprop)
    ids (10, 16, 40) int64, labels (10, 16) int64    zeros are padding: to the right, but to the
        left in batch LEFT_BATCH, and anywhere in batch HOLES_BATCH; row EMPTY_ROW has nothing else
    start/NAME, end/NAME float32      weights before step 0 and after step 9
    loss (10,) float32                loss of batch k under the weights before step k's update
    before, after (10, 16, 1 or 3) float32           probabilities under start and end weights
`layer/` (Bidirectional LSTM alone, a mask given by hand)
    inputs (6, 7, 3) float32, mask (6, 7) bool, weight/NAME as above
    MODE/sequences (6, 7, H or 2H), MODE/last (6, H or 2H), MODE in concat, sum, mul, ave
    state/NAME (6, H)                 forward_h, forward_c, backward_h, backward_c

What Keras 3.15.1 computes, read in its source:
- Kernel (I, 4H), recurrent kernel (H, 4H), bias (4H): column blocks are gates i, f, c, o;
  x @ kernel + h @ recurrent_kernel + bias; sigmoid on i, f, o and tanh on c and the output.
- A masked step carries h and c over; the output is then the carried h, or zero when sequences
  are returned. The backward LSTM scans from the last column to the first under the same mask.
- `sum` adds, `mul` multiplies, `ave` halves the sum, `concat` puts forward first.
- Binary crossentropy clips the probability to [1e-7, 1 - 1e-7] (the gradient is zero beyond);
  sparse categorical crossentropy divides by the row's sum and clips likewise. Mean over rows.
- RMSprop: learning rate 0.001, rho 0.9, no momentum, not centered; v starts at 0 and
  v = rho v + (1 - rho) g^2;  w = w - lr g / sqrt(v + 1e-7). Epsilon is INSIDE the root
  (torch.optim.RMSprop adds it outside and defaults to rho 0.99, epsilon 1e-8).
- The update is dense: the whole embedding table decays its v at each step, row 0 included,
  whose gradient is always zero because every use of it is masked.

A float64 replay of these rules in torch agrees with every array here within 3e-7.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

from pathlib import Path

import jax
import keras
import numpy as np

STEPS, N, LONGEST, V, INPUT, H = 10, 16, 40, 120, 16, 8
EMPTY_ROW, LEFT_BATCH, HOLES_BATCH = 3, 5, 7
GATES = ("kernel", "recurrent_kernel", "bias")


def token_ids(rng):
    """Draw (STEPS, N, LONGEST) int64 ids, padded with zeros as the module's docstring says."""
    ids = rng.integers(1, V, (STEPS, N, LONGEST))
    lengths = rng.integers(1, LONGEST + 1, (STEPS, N))
    lengths[:, 0], lengths[:, 1], lengths[:, EMPTY_ROW] = LONGEST, 1, 0
    ids[np.arange(LONGEST) >= lengths[:, :, None]] = 0
    ids[LEFT_BATCH] = ids[LEFT_BATCH, :, ::-1]
    ids[HOLES_BATCH] *= rng.random((N, LONGEST)) < 0.6
    return ids


def weight_names(lstm_only=False):
    """Name the weights in the order of `get_weights()`."""
    lstm = [f"{way}_{part}" for way in ("forward", "backward") for part in GATES]
    return lstm if lstm_only else ["embedding", *lstm, "dense_kernel", "dense_bias"]


def training_case(seed, classes, merge_mode):
    """Ten RMSprop steps of the classic model in small; returns what the docstring lists."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    units, activation, loss = (
        (1, "sigmoid", "binary_crossentropy")
        if classes == 2
        else (classes, "softmax", "sparse_categorical_crossentropy")
    )
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int64"),
            keras.layers.Embedding(V, INPUT, mask_zero=True),
            keras.layers.Bidirectional(keras.layers.LSTM(H), merge_mode=merge_mode),
            keras.layers.Dropout(0.0),
            keras.layers.Dense(units, activation=activation),
        ]
    )
    model.compile(optimizer=keras.optimizers.RMSprop(), loss=loss)
    ids, labels = token_ids(rng), rng.integers(0, classes, (STEPS, N))

    def probabilities():
        return np.stack([model.predict_on_batch(batch) for batch in ids])

    case = {"ids": ids, "labels": labels, "before": probabilities()}
    case |= named("start", weight_names(), model.get_weights())
    losses = []
    for batch, target in zip(ids, labels, strict=True):
        model.reset_metrics()  # or train_on_batch returns the running mean of all steps so far
        losses.append(model.train_on_batch(batch, target))
    case |= {"loss": np.array(losses, np.float32), "after": probabilities()}
    return case | named("end", weight_names(), model.get_weights())


def layer_case(seed, units=4):
    """One Bidirectional LSTM under masks: none, right, left, holes, one step left, empty."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((6, 7, 3), dtype=np.float32)
    patterns = ["1111111", "1111000", "0001111", "1011001", "0000100", "0000000"]
    mask = np.array([[step == "1" for step in row] for row in patterns])
    forward = keras.layers.LSTM(units, return_sequences=True, return_state=True)
    layer = keras.layers.Bidirectional(forward)
    layer.build(inputs.shape)
    # Keras starts biases at 0 and 1, which would hide a swapped or a forgotten bias.
    weights = [rng.normal(0, 0.5, w.shape).astype(np.float32) for w in layer.get_weights()]
    case = {"inputs": inputs, "mask": mask} | named("weight", weight_names(True), weights)
    for mode in ("concat", "sum", "mul", "ave"):
        for what, sequences in (("sequences", True), ("last", False)):
            lstm = keras.layers.LSTM(units, return_sequences=sequences)
            layer = keras.layers.Bidirectional(lstm, merge_mode=mode)
            layer.build(inputs.shape)
            layer.set_weights(weights)
            case[f"{mode}/{what}"] = np.asarray(layer(inputs, mask=mask))
    layer = keras.layers.Bidirectional(forward)
    layer.build(inputs.shape)
    layer.set_weights(weights)
    states = layer(inputs, mask=mask)[1:]
    return case | named("state", ["forward_h", "forward_c", "backward_h", "backward_c"], states)


def named(group, names, arrays):
    """Pair names and arrays as `group/name`."""
    return {f"{group}/{name}": np.asarray(a) for name, a in zip(names, arrays, strict=True)}


def main():
    """Make every case and write them to one file."""
    if keras.__version__ != "3.15.1":
        raise SystemExit(f"These values are those of Keras 3.15.1; this is {keras.__version__}.")
    cases = {
        "binary": training_case(1, classes=2, merge_mode="concat"),
        "three": training_case(2, classes=3, merge_mode="sum"),
        "layer": layer_case(3),
    }
    arrays = {f"{c}/{what}": a for c, values in cases.items() for what, a in values.items()}
    versions = f"keras {keras.__version__}, jax {jax.__version__}, numpy {np.__version__}"
    np.savez_compressed(
        Path(__file__).with_name("keras_classic.npz"), versions=np.array(versions), **arrays
    )


if __name__ == "__main__":
    main()
