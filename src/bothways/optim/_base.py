"""What every optimizer here offers: named arrays updated in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError
from bothways.optim._rule import Floats, RowGradient, Rule


class Optimizer(ABC):
    """Updates float32 arrays in place.

    `parameters` are named arrays; each must be contiguous. In a training step, `ready` comes
    before rows of a table are read and `step` after their gradient is known; `settle` comes
    before a whole table is read. `steps` counts the steps.

    Raises `ArgumentError` for arrays that are not contiguous float32.
    """

    @abstractmethod
    def __init__(self, parameters: Mapping[str, Floats], rule: Rule) -> None:
        for name, array in parameters.items():
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise ArgumentError(
                    f"an optimizer updates contiguous float32 arrays, and {name} is {array.dtype}"
                    f"{'' if array.flags.c_contiguous else ', not contiguous'}"
                )
        self.parameters, self.rule = dict(parameters), rule
        self.states = {name: rule.start(array) for name, array in self.parameters.items()}
        self.steps = 0

    def step(
        self,
        gradients: Mapping[str, Floats | RowGradient],
        *,
        rate: float,
        threads: int | None = None,
    ) -> None:
        """One update with the learning rate `rate`, which may be another in each step.

        A gradient is an array of the parameter's shape or a `RowGradient`. A parameter without
        one stays as it is, and no time passes for it. Raises `ArgumentError` for a gradient
        of another shape.
        """
        for name, gradient in gradients.items():
            self._check(name, gradient)
        for name, gradient in gradients.items():
            weight, state = self.parameters[name], self.states[name]
            self.rule.step(weight, state, gradient, rate=rate, threads=threads)
        self.steps += 1

    def ready(self, name: str, rows: NDArray[np.int32], *, threads: int | None = None) -> None:
        """Bring `rows (U,)`, each named once, to where a dense optimizer has them, to be read.

        Where weights move without a gradient, by momentum or decay, rows fall behind; a step
        takes gradients only of rows that are ready.
        """
        if name not in self.parameters:
            raise ArgumentError(f"there is no parameter {name!r} to make ready")
        self.rule.ready(self.parameters[name], self.states[name], rows, threads=threads)

    def settle(self, *, threads: int | None = None) -> None:
        """Bring every row, moments included, to where a dense optimizer would have it now.

        Rows without gradient fall behind until they are next seen; reading a whole table
        (validation, saving) needs them all.
        """
        for name, weight in self.parameters.items():
            self.rule.settle(weight, self.states[name], threads=threads)

    def state(self) -> dict[str, Any]:
        """All but the parameters that the next steps depend on: numbers and arrays by name.

        The arrays are the optimizer's own; nothing is settled, so that looking changes no bit.
        """
        return {"steps": self.steps, "parameters": self.states}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from the `state` of an optimizer with the same rule and parameters.

        Raises `ArgumentError` if it is that of another.
        """
        saved = state["parameters"]
        if set(saved) != set(self.parameters):
            raise ArgumentError(
                f"the state has the parameters {', '.join(sorted(saved))}, "
                f"expected {', '.join(sorted(self.parameters))}"
            )
        for name, weight in self.parameters.items():
            self.rule.check_state(name, weight, saved[name])
        self.states = {
            name: {k: np.array(v) if isinstance(v, np.ndarray) else v for k, v in own.items()}
            for name, own in saved.items()
        }
        self.steps = int(state["steps"])

    def _check(self, name: str, gradient: Floats | RowGradient) -> None:
        if name not in self.parameters:
            raise ArgumentError(f"there is a gradient of {name!r} and no parameter of that name")
        needs = self.parameters[name].shape
        if isinstance(gradient, RowGradient):
            got, needs = gradient.values.shape, (len(gradient.rows), *needs[1:])
        else:
            got = gradient.shape
        if got != needs:
            raise ArgumentError(f"the gradient of {name} has the shape {got} and needs {needs}")
