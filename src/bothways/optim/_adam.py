"""Adam and AdamW that touch only the rows a batch used, and follow the dense ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.optim import _missed
from bothways.optim._base import Optimizer
from bothways.optim._rule import Floats, Rule, every_row


@dataclass(frozen=True)
class AdamRule(Rule):
    """See `Adam` and `AdamW`. Beside `Rule`'s, a state has `history` and the step before its
    first column, `base`, once there was a `RowGradient`."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    moments = ("first", "second")

    def __post_init__(self) -> None:
        betas = 0 <= self.beta_1 < 1 and 0 <= self.beta_2 < 1
        positive = self.epsilon >= np.finfo(np.float32).tiny
        if not betas or not positive or not 0 <= self.weight_decay < math.inf:
            raise ArgumentError(
                f"beta_1 and beta_2 must be in [0, 1), epsilon positive and weight_decay not "
                f"negative, got beta_1={self.beta_1}, beta_2={self.beta_2}, "
                f"epsilon={self.epsilon}, weight_decay={self.weight_decay}"
            )

    def corrected(self, rate: float, step: int) -> float:
        """The rate of a step, counted from 1, with the correction of the moments' start at 0."""
        return rate * math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)

    def split(self, weight, state):
        """Keep a history as well: from here on rows can fall behind."""
        if 1 - self.beta_2 > _missed.WIDEST * (1 - self.beta_1) * (1 + 1e-9):
            raise ArgumentError(
                f"gradients of single rows need 1 - beta_2 to be at most {_missed.WIDEST} of "
                f"1 - beta_1, got beta_1={self.beta_1}, beta_2={self.beta_2}: "
                f"give dense gradients, or other betas"
            )
        super().split(weight, state)
        if "history" not in state:
            state["history"], state["base"] = _missed.new_history(), state["step"]

    def check_state(self, name, weight, state):
        """See `Rule`; a history, too, is as long as it was made."""
        super().check_state(name, weight, state)
        history, base = state.get("history"), state.get("base", state["step"])
        fits = history is None or (history.shape, history.dtype) == ((6, _missed.WINDOW), float)
        if not fits or not 0 <= state["step"] - base <= _missed.WINDOW:
            raise ArgumentError(f"the state of {name} has another history than its optimizer")

    def ready(self, weight, state, rows, *, threads=None):
        """Make up the steps that these rows missed."""
        if "history" not in state:
            return
        step, (weight, first, second) = state["step"], self._tables(weight, state)
        missed = _missed.missed(state["history"], step - state["base"])
        kernels.adam_catch_up(
            *(weight, first, second, state["seen"], rows, missed),
            step=step,
            epsilon=self.epsilon,
            threads=threads,
        )

    def settle(self, weight, state, *, threads=None):
        """Make up all that was missed, and begin a new history."""
        if "history" in state:
            self.ready(weight, state, every_row(state), threads=threads)
            state["history"], state["base"] = _missed.new_history(), state["step"]

    def _update(self, weight, state, rows, values, rate, threads):
        step, fade = state["step"] + 1, rate * self.weight_decay
        if fade > 1:
            raise ArgumentError(
                f"a step's weight decay takes rate * weight_decay of the weights, at most all: "
                f"got {rate} * {self.weight_decay}"
            )
        rate = self.corrected(rate, step)
        table, first, second = self._tables(weight, state)
        kernels.adam_rows(
            *(table, first, second, state["seen"], rows, values),
            step=step,
            rate=rate,
            fade=fade,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            threads=threads,
        )
        state["step"] = step
        if "history" in state:
            count = step - state["base"]
            _missed.pass_step(state["history"], count, rate, fade, self.beta_1, self.beta_2)
            if count == _missed.WINDOW:
                self.settle(weight, state, threads=threads)


class Adam(Optimizer):
    """Adam as Keras defines it; a table's rows follow a dense optimizer's.

    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)` and
    `w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)` in step t
    (Kingma & Ba 2015, the form that ends their section 2; Keras's defaults).

    Momentum moves weights without a gradient, too: the moves that a row missed are added up
    by `ready`, which must come before the row is read. A row's missed move is off by at most
    `r**3 / 8` of itself, with `r = (1 - beta_2) / (1 - beta_1)`: 1.25e-7 for these betas. The
    roundings of float32 come on top, fewer of them than in a dense optimizer. `_missed.py`
    derives it. Row gradients need an r of at most 0.2.

    Raises `ArgumentError` for a beta outside [0, 1) or an epsilon that is not positive; in
    `step` for rows that are not ready.
    """

    def __init__(
        self,
        parameters: Mapping[str, Floats],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(parameters, AdamRule(beta_1, beta_2, epsilon))


class AdamW(Optimizer):
    """Adam whose weights decay by themselves: `w -= rate * weight_decay * w` before each step's
    move (Loshchilov & Hutter 2019, as Keras has it: every parameter decays, biases too).

    All else as `Adam`, rows too: the decay that a row missed is in `ready`. Raises
    `ArgumentError` also for a negative weight decay and, in `step`, one that takes more than
    all of a weight.
    """

    def __init__(
        self,
        parameters: Mapping[str, Floats],
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float = 0.004,
    ) -> None:
        super().__init__(parameters, AdamRule(beta_1, beta_2, epsilon, weight_decay))
