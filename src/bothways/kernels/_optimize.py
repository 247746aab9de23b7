"""Optimizer steps that touch only the rows of a table that a batch used."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bothways.kernels import _kernels
from bothways.kernels._border import floats, ids32, in_place, maybe_floats, native
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
        *(ids32(rows, "rows"), maybe_floats(gradient, "gradient", 2)),
        *_tables(seen, weight=weight, moment=moment),
        *(step, rate, decay, epsilon, threads or default_threads()),
    )


def adam_rows(
    weight: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    seen: NDArray[np.int64],
    rows: ArrayLike,
    gradient: ArrayLike,
    *,
    step: int,
    rate: float,
    fade: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    threads: int | None = None,
) -> None:
    """One step of Adam, in place, on `rows`, `(U,)`, of `weight (V, I)`, each named once.

    `gradient (U, I)`; `first` and `second (V, I)` are the running means of it and of its
    square, `seen (V,)` the step, counted from 1, that each row stands at: a named row must
    stand at `step - 1`, where `adam_catch_up` brings it, or `ArgumentError` is raised.

    As Keras defines it (Kingma & Ba 2015, the form before their section 2.1, with bias
    correction in the rate; Loshchilov & Hutter 2019 for the weights' own decay):
    `m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g**2 - v); w -= fade * w;
    w -= rate * m / (sqrt(v) + epsilon)`.
    """
    native(
        _kernels.adam_rows,
        *(ids32(rows, "rows"), floats(gradient, "gradient", 2)),
        *_tables(seen, weight=weight, first=first, second=second),
        *(step, rate, fade, 1 - beta_1, 1 - beta_2, epsilon, threads or default_threads()),
    )


def adam_catch_up(
    weight: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    seen: NDArray[np.int64],
    rows: ArrayLike,
    missed: ArrayLike,
    *,
    step: int,
    epsilon: float,
    threads: int | None = None,
) -> None:
    """Bring `rows` of Adam's tables, each named once, to where they stand after `step`.

    A row that stood at step `step - K + k` takes the factors of `missed[k]`, `(K, 6)`:
    `fade, first, second, total, ratio, spread`, as `bothways.optim` makes them:
    `w -= fade * w; w -= total * m / d * (1 - spread * (e - e**2)); m *= first; v *= second`
    with `d = sqrt(v) * ratio + epsilon` and `e = epsilon / d`. Raises `ArgumentError` for a
    row that stands further back.
    """
    native(
        _kernels.adam_catch_up,
        ids32(rows, "rows"),
        *_tables(seen, weight=weight, first=first, second=second),
        *(step, floats(missed, "missed", 2), epsilon, threads or default_threads()),
    )


def _tables(seen: NDArray[np.int64], **tables: NDArray[np.float32]) -> list[NDArray]:
    floats = [in_place(table, name, np.float32, 2) for name, table in tables.items()]
    return [*floats, in_place(seen, "seen", np.int64, 1)]
