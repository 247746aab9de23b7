"""Optimizer steps that touch only the rows of a table that a batch used."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.kernels import _kernels
from bothways.kernels._border import ids32, maybe_floats, native
from bothways.kernels._isa import default_threads


def rmsprop_rows(
    weight: NDArray[np.float32],
    moment: NDArray[np.float32],
    seen: NDArray[np.int64],
    rows: ArrayLike,
    gradient: ArrayLike | None,
    *,
    step: int,
    rate: float,
    decay: float,
    epsilon: float,
    threads: int | None = None,
) -> None:
    """One step of RMSprop, in place, on `rows`, `(U,)`, of `weight (V, I)`, each named once.

    `gradient (U, I)`; the other rows of the gradient are zero. `moment (V, I)` is the running
    mean of squares and `seen (V,)` the step, counted from 1, that each row of it stands at: a
    row's missed decays are made up when it is next named, with the roundings of a dense
    optimizer, so that every bit is the same. Without a gradient, only that is done.

    As Keras defines it (Hinton's lecture 6e, with epsilon inside the root):
    `moment = decay * moment + (1 - decay) * g**2; weight -= rate * g / sqrt(moment + epsilon)`.
    """
    native(
        _kernels.rmsprop_rows,
        *(ids32(rows, "rows"), maybe_floats(gradient, "gradient", 2), weight, moment, seen),
        *(step, rate, decay, epsilon, threads or default_threads()),
    )
