"""The recurrent engine: checked functions over the compiled kernels, NumPy in and out.

`reference` has every one of them again in plain NumPy: read that first.
"""

from bothways.kernels._border import trim_memory
from bothways.kernels._handlers import jax_handlers
from bothways.kernels._isa import (
    Precision,
    amx_refused,
    available_isas,
    default_threads,
    isa,
    precision_used,
    set_isa,
)
from bothways.kernels._lstm import LstmStates, Recurrent, lstm, lstm_backward, lstm_forward
from bothways.kernels._optimize import adam_catch_up, adam_rows, rmsprop_rows
from bothways.kernels._pool import (
    last_backward,
    last_forward,
    max_backward,
    max_forward,
    mean_backward,
    mean_forward,
)
from bothways.kernels._project import (
    Unique,
    gather,
    project,
    project_backward_input,
    project_backward_kernel,
    sum_by_token,
    unique,
)
from bothways.kernels._scores import sigmoid, softmax, tanh

__all__ = [
    "LstmStates",
    "Precision",
    "Recurrent",
    "Unique",
    "adam_catch_up",
    "adam_rows",
    "amx_refused",
    "available_isas",
    "default_threads",
    "gather",
    "isa",
    "jax_handlers",
    "last_backward",
    "last_forward",
    "lstm",
    "lstm_backward",
    "lstm_forward",
    "max_backward",
    "max_forward",
    "mean_backward",
    "mean_forward",
    "precision_used",
    "project",
    "project_backward_input",
    "project_backward_kernel",
    "rmsprop_rows",
    "set_isa",
    "sigmoid",
    "softmax",
    "sum_by_token",
    "tanh",
    "trim_memory",
    "unique",
]
