"""Keras 3 layers on Bothways' kernels; they need the `keras` extra.

`LSTM` and `Bidirectional` stand where `keras.layers.LSTM` and `keras.layers.Bidirectional`
stood: the same arguments, weights, files and numbers. The kernels run on the CPU under the
backends torch and JAX.
"""

from bothways.errors import require

require("keras", extra="keras", purpose="bothways.keras")

from bothways.keras._bidirectional import Bidirectional  # noqa: E402
from bothways.keras._lstm import LSTM  # noqa: E402

__all__ = ["LSTM", "Bidirectional"]
