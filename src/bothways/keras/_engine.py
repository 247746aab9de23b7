"""Whether the kernels can compute what a layer asks for, and through what they are called."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import keras
from keras import activations, ops

_TANH = (activations.tanh, ops.tanh)
_SIGMOID = (activations.sigmoid, ops.sigmoid)
_told: set[str] = set()


def engine_for(layer: Any, sequences: Any, training: Any) -> ModuleType | None:
    """`_torch` or `_jax`, each with `run`, `hold` and `before_first`.

    None where Keras's own way is taken, which is said once for each reason.
    """
    reason = _of_the_layer(layer, training)
    engine = _of_the_backend(sequences) if reason is None else reason
    if isinstance(engine, str):
        tell(f"{type(layer).__name__}: {engine}")
        return None
    return engine


def tell(reason: str) -> None:
    """Warn that Keras's own way is taken, once for each `reason`."""
    if reason not in _told:
        warnings.warn(f"Keras's own, slower way is taken. {reason}", stacklevel=2)
        _told.add(reason)


def _of_the_layer(layer: Any, training: Any) -> str | None:
    """What of the layer's settings the kernels do not do."""
    cell = layer.cell
    if cell.activation not in _TANH:
        return "activation is not tanh"
    if cell.recurrent_activation not in _SIGMOID:
        return "recurrent_activation is not sigmoid"
    if training and cell.recurrent_dropout:
        return f"recurrent_dropout is {cell.recurrent_dropout} in training"
    if training and cell.dropout and cell.implementation == 1:
        return "implementation=1 drops the inputs of each gate by themselves"
    if layer.unroll:
        return "unroll=True asks for a loop in Python"
    if layer.use_cudnn is True:
        return "use_cudnn=True asks for cuDNN"
    if (cell.compute_dtype, cell.variable_dtype) != ("float32", "float32"):
        return f"the dtype policy is {cell.dtype_policy.name}, the kernels compute in float32"
    return None


def _of_the_backend(sequences: Any) -> ModuleType | str | None:
    """The engine, or why there is none; None where only shapes are asked for."""
    if keras.backend.backend() == "torch":
        from bothways.keras import _torch

        if sequences.device.type == "meta":
            return None
        if sequences.device.type != "cpu":
            return f"the batch is on {sequences.device}, the kernels run on the CPU"
        return _torch
    if keras.backend.backend() == "jax":
        import jax

        from bothways.keras import _jax

        if _jax.HANDLERS is None:
            return "Bothways was compiled without jaxlib's headers (docs/keras.md)"
        if jax.default_backend() != "cpu":
            return f"JAX computes on {jax.default_backend()}, the kernels run on the CPU"
        return _jax
    return f"the backend is {keras.backend.backend()}, the kernels run under torch and JAX"
