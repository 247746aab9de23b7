"""RMSprop that touches only the rows with a gradient, and equals the dense one bit for bit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.optim._base import Floats, Optimizer, RowGradient


class RMSprop(Optimizer):
    """RMSprop as Keras defines it, exact for row gradients.

    `v = rho * v + (1 - rho) * g**2` and `w -= rate * g / sqrt(v + epsilon)` (Hinton, lecture
    6e; Keras's defaults). A row without gradient keeps its weights while its moment decays;
    the decays it missed are made up when it is next seen, so that every weight has the bits
    of a dense optimizer after every step.

    Raises `ArgumentError` for `rho` outside [0, 1) or an epsilon that is not positive.
    """

    def __init__(
        self, parameters: Mapping[str, Floats], *, rho: float = 0.9, epsilon: float = 1e-7
    ) -> None:
        if not 0 <= rho < 1 or epsilon <= 0:
            raise ArgumentError(
                f"epsilon must be positive and rho in [0, 1), got epsilon={epsilon}, rho={rho}"
            )
        super().__init__(parameters)
        self.rho, self.epsilon = rho, epsilon
        self.moments = {name: np.zeros_like(w) for name, w in self.parameters.items()}
        # The step that each row of a moment stands at; one row where gradients are dense.
        self.seen = {name: np.zeros(1, np.int64) for name in self.parameters}

    def step(
        self,
        gradients: Mapping[str, Floats | RowGradient],
        *,
        rate: float,
        threads: int | None = None,
    ) -> None:
        """One update with the learning rate `rate`; see `Optimizer`."""
        self.steps += 1
        for name, gradient in gradients.items():
            if isinstance(gradient, RowGradient):
                rows, values = gradient
                if len(self.seen[name]) != len(self.parameters[name]):
                    self.seen[name] = np.full(len(self.parameters[name]), self.seen[name][0])
            else:
                rows, values = np.arange(len(self.seen[name]), dtype=np.int32), gradient
            self._update(name, rows, values, rate, threads)

    def settle(self, *, threads: int | None = None) -> None:
        """Apply all missed decays; see `Optimizer`."""
        for name, seen in self.seen.items():
            self._update(name, np.arange(len(seen), dtype=np.int32), None, 0.0, threads)

    def _update(self, name, rows, values, rate, threads):
        seen = self.seen[name]
        shape = (len(seen), self.parameters[name].size // len(seen))
        kernels.rmsprop_rows(
            self.parameters[name].reshape(shape),
            self.moments[name].reshape(shape),
            seen,
            rows,
            None if values is None else values.reshape(len(rows), shape[1]),
            step=self.steps,
            rate=rate,
            decay=self.rho,
            epsilon=self.epsilon,
            threads=threads,
        )
