"""RMSprop that touches only the rows with a gradient, and equals the dense one bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.optim._base import Optimizer
from bothways.optim._rule import Floats, Rule, every_row


@dataclass(frozen=True)
class RMSpropRule(Rule):
    """See `RMSprop`."""

    rho: float = 0.9
    epsilon: float = 1e-7
    moments = ("moment",)

    def __post_init__(self) -> None:
        if not 0 <= self.rho < 1 or self.epsilon <= 0:
            raise ArgumentError(
                f"epsilon must be positive and rho in [0, 1), "
                f"got epsilon={self.epsilon}, rho={self.rho}"
            )

    def ready(self, weight, state, rows, *, threads=None):
        """Nothing to do: weights do not move without a gradient."""

    def settle(self, weight, state, *, threads=None):
        """Apply all missed decays."""
        self._run(weight, state, every_row(state), None, state["step"], 0.0, threads)

    def _update(self, weight, state, rows, values, rate, threads):
        self._run(weight, state, rows, values, state["step"] + 1, rate, threads)
        state["step"] += 1

    def _run(self, weight, state, rows, values, step, rate, threads):
        weight, moment = self._tables(weight, state)
        kernels.rmsprop_rows(
            *(weight, moment, state["seen"], rows, values),
            step=step,
            rate=rate,
            decay=self.rho,
            epsilon=self.epsilon,
            threads=threads,
        )


class RMSprop(Optimizer):
    """RMSprop as Keras defines it, exact for row gradients.

    `v = rho * v + (1 - rho) * g**2` and `w -= rate * g / sqrt(v + epsilon)` (Hinton, lecture
    6e; Keras's defaults). A row without gradient keeps its weights while its moment decays;
    the decays it missed are made up when it is next seen, so that every weight has the bits
    of a dense optimizer after every step. So `ready` has nothing to do.

    Raises `ArgumentError` for `rho` outside [0, 1) or an epsilon that is not positive.
    """

    def __init__(
        self, parameters: Mapping[str, Floats], *, rho: float = 0.9, epsilon: float = 1e-7
    ) -> None:
        super().__init__(parameters, RMSpropRule(rho, epsilon))
