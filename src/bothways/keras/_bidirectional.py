"""`keras.layers.Bidirectional`, both directions in one call of the kernels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import keras
from keras import ops

from bothways.keras._call import mask_of_steps, outputs, run
from bothways.keras._engine import engine_for, tell
from bothways.keras._lstm import LSTM


@keras.saving.register_keras_serializable(package="bothways")
class Bidirectional(keras.layers.Bidirectional):
    """`keras.layers.Bidirectional` with its arguments, weights, masks and numbers.

    Over `bothways.keras.LSTM` it runs on the kernels, both directions in one call where they are
    alike; over another layer it is Keras's own, and a warning says so once.

    Source: https://keras.io/api/layers/recurrent_layers/bidirectional
    """

    def call(self, sequences, initial_state=None, mask=None, training=None):
        """The merged outputs of `sequences (N, L, I)`, and the states if asked for."""
        layers = [self.forward_layer, self.backward_layer]
        engine = self._engine(layers, sequences, training)
        if engine is None:
            return super().call(sequences, initial_state, mask, training)
        if initial_state is None:
            initial_state = [ops.zeros((sequences.shape[0], layers[0].units))] * 4
        mask = mask_of_steps(mask, sequences)
        both, h, c = run(engine, layers, sequences, mask, initial_state)
        if self.return_sequences:  # zeros at masked steps already, and in the order of time
            merged = self._merge(both, ops.split(both, 2, axis=-1))
        else:
            each = [
                outputs(engine, layer, None, h[d], mask, initial_state[2 * d])[0]
                for d, layer in enumerate(layers)
            ]
            merged = self._merge(ops.concatenate(each, axis=-1), each)
        if not self.return_state:
            return merged
        merged = merged if self.merge_mode is None else (merged,)
        return (*merged, h[0], c[0], h[1], c[1])

    def _engine(self, layers: list[Any], sequences: Any, training: Any) -> ModuleType | None:
        """What runs both directions at once; None where each layer is called by itself."""
        others = [layer for layer in layers if not isinstance(layer, LSTM)]
        for layer in others:
            kind = f"{type(layer).__module__}.{type(layer).__name__}"
            tell(f"Bidirectional: the layer is a {kind}, not a bothways.keras.LSTM")
        if others or layers[0].units != layers[1].units:
            return None
        if self.stateful or layers[0].go_backwards:
            return None
        for layer in layers:
            if layer.activity_regularizer is not None or (training and layer.dropout):
                return None
            if layer.zero_output_for_mask != layer.return_sequences:
                return None
        engines = [engine_for(layer, sequences, training) for layer in layers]
        return None if None in engines else engines[0]

    def _merge(self, both: Any, each: Any) -> Any:
        """Both directions `(..., 2H)`, and `each` of them, merged as Keras does."""
        if self.merge_mode == "concat":
            return both
        if self.merge_mode == "sum":
            return each[0] + each[1]
        if self.merge_mode == "ave":
            return (each[0] + each[1]) / 2
        return each[0] * each[1] if self.merge_mode == "mul" else tuple(each)
