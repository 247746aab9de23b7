"""What Adam's rows go through in the steps that they miss, for all rows at once.

A row that stands at step t with the moments m and v, and then has no gradient in the n steps
up to s, has there the moments m b1^n and v b2^n. Its weights move in each of them: with the
bias-corrected rate a_k and the weight decay f_k of the k-th,

    w = (1 - f_k) w - a_k m b1^k / (sqrt(v) b2^(k/2) + eps)        k = 1 ... n.

With p_k = a_k b1^k (1 - f_(k+1)) ... (1 - f_n) and y_k = b2^(-k/2) this adds up to

    w = (1 - f_1) ... (1 - f_n) w - m (sum of p_k y_k / (sqrt(v) + eps y_k)),

where p and y depend on t and s and not on the row. Let A, B, C be the sums of p_k, p_k y_k
and p_k y_k^2, and expand around the mean y = B / A: with d = sqrt(v) A / B + eps and
e = eps / d, the sum is

    A / d * (1 - (A C / B^2 - 1) (e - e^2))

up to the third order of the spread of y. It is exact where eps is nothing beside sqrt(v), and
where sqrt(v) is nothing beside eps. In between the rest is at most 4/27 of the mean of
|y - B/A|^3, over B/A: at most

    r^3 / 8 of the move, with r = (1 - b2) / (1 - b1),

if the rates do not rise faster than in a straight line from zero, and weight decay takes at
most (1 - b1) / 100 in a step. For the usual betas that is 1.25e-7, a unit in the last place
of float32. r is held to at most 0.2, so 1e-3.

A history, (6, WINDOW) float64, has a column for each of the last steps t, of a row that saw
its last gradient then: what is left of its weights by decay, of b1^n and of b2^(n/2), and
A, B, C. A step multiplies and adds a few times over all columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

History = NDArray[np.float64]

# Steps that a row can miss; then the whole table is brought up to date. It costs a step the
# time of V / WINDOW rows and of a few passes over the history, 4 microseconds each.
WINDOW = 1024
WIDEST = 0.2  # (1 - beta_2) / (1 - beta_1)


def new_history() -> History:
    """Before any step: nothing missed."""
    history = np.zeros((6, WINDOW))
    history[:3] = 1
    return history


def pass_step(
    history: History, count: int, rate: float, fade: float, beta_1: float, beta_2: float
) -> None:
    """The next step, for rows that saw their last gradient in one of the first `count` columns.

    `rate` includes the bias correction and `fade` is the share that weight decay takes.
    """
    left = 1 - fade
    columns = history[:, :count]
    columns *= np.array([left, beta_1, np.sqrt(beta_2), left, left, left])[:, None]
    _, first, root, *sums = columns
    move = rate * first
    for total in sums:
        total += move
        move = move / root


def missed(history: History, count: int, dtype: type = np.float32) -> NDArray:
    """The factors of `kernels.adam_catch_up`, `(count, 6)`, for the first `count` columns."""
    left, first, root, a, b, c = history[:, :count]
    ratio, spread = np.ones(count), np.zeros(count)
    moved = a > 0  # not if all rates were zero
    np.divide(a, b, out=ratio, where=moved)
    np.divide(c, b, out=spread, where=moved)
    spread[moved] = spread[moved] * ratio[moved] - 1
    return np.stack([1 - left, first, root * root, a, ratio, spread], axis=1, dtype=dtype)
