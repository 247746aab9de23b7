"""`keras.layers.LSTM`, computed by the kernels."""

from __future__ import annotations

import keras
from keras import ops

from bothways.keras._call import mask_of_steps, outputs, run
from bothways.keras._engine import engine_for


@keras.saving.register_keras_serializable(package="bothways")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` with its arguments, weights, masks and numbers, on Bothways' kernels.

    They run on the CPU under the backends torch and JAX, in float32. Masked steps are not
    computed, and nothing in them can reach a result or a gradient. Another activation, in
    training recurrent dropout or dropout with `implementation=1`, `unroll=True`,
    `use_cudnn=True`, another dtype policy, backend or device, and under JAX a Bothways without its
    handlers take Keras's own way, and a warning says so once. Raises `ArgumentError` for sequences
    or initial states of another size.

    Source: https://keras.io/api/layers/recurrent_layers/lstm
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """The last output `(N, H)`, all outputs and the last states, of `sequences (N, L, I)`."""
        engine = engine_for(self, sequences, training)
        if engine is None:
            return super().inner_loop(sequences, initial_state, mask, training)
        if training and self.dropout:
            factors = self.cell.get_dropout_mask(sequences[:, 0, :])
            sequences = sequences * ops.expand_dims(factors, axis=1)
        mask = mask_of_steps(mask, sequences)
        output, h, c = run(engine, [self], sequences, mask, initial_state)
        last, output = outputs(engine, self, output, h[0], mask, initial_state[0])
        return last, output, [h[0], c[0]]
