"""How one parameter is updated, row by row where that is enough."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError

Floats = NDArray[np.float32]
State = dict[str, Any]


class RowGradient(NamedTuple):
    """The gradient of a table of which a batch used few rows.

    `rows (U,)` int32, each once; `values (U, ...)` float32. The other rows have gradient zero.
    """

    rows: NDArray[np.int32]
    values: Floats


class Rule(ABC):
    """The arithmetic of an optimizer on one parameter, a contiguous float32 array.

    What belongs to the parameter is in its state, a dictionary that `start` makes: `step`, the
    updates so far; `seen`, int64, the step that each row stands at, where a parameter that
    never had a `RowGradient` counts as one row; `moments` in the parameter's shape. A rule
    holds the settings alone.
    """

    moments: ClassVar[tuple[str, ...]]

    def start(self, weight: Floats) -> State:
        """The state before the first step."""
        moments = {name: np.zeros_like(weight) for name in self.moments}
        return {"step": 0, "seen": np.zeros(1, np.int64)} | moments

    def step(
        self,
        weight: Floats,
        state: State,
        gradient: Floats | RowGradient,
        *,
        rate: float,
        threads: int | None = None,
    ) -> None:
        """One update with the learning rate `rate`, a finite number from 0 up."""
        if not 0 <= rate < math.inf:
            raise ArgumentError(f"a learning rate is a finite number from 0 up, got {rate}")
        if isinstance(gradient, RowGradient):
            self.split(weight, state)
            rows, values = gradient
        else:
            rows, values = every_row(state), gradient
        values = values.reshape(len(rows), weight.size // len(state["seen"]))
        self._update(weight, state, rows, values, rate, threads)

    def split(self, weight: Floats, state: State) -> None:
        """Count the parameter's rows one by one from here on."""
        if len(state["seen"]) != len(weight):
            state["seen"] = np.full(len(weight), state["step"], np.int64)

    def check_state(self, name: str, weight: Floats, state: State) -> None:
        """Raise `ArgumentError` unless `state` can be that of the parameter `weight`."""
        step, seen = state["step"], state["seen"]
        kinds = [state[moment].dtype == np.float32 for moment in self.moments]
        shapes = [state[moment].shape == weight.shape for moment in self.moments]
        rows = seen.dtype == np.int64 and seen.shape in ((1,), (len(weight),))
        if not all(kinds) or not all(shapes) or not rows or type(step) is not int:
            raise ArgumentError(f"the state of {name} has other arrays than its optimizer")
        if seen.min(initial=step) < state.get("base", 0) or seen.max(initial=0) > step:
            raise ArgumentError(f"rows of {name} stand at steps that were not taken")

    @abstractmethod
    def ready(
        self, weight: Floats, state: State, rows: NDArray[np.int32], *, threads: int | None = None
    ) -> None:
        """Bring the weights of `rows`, each named once, to where a dense optimizer has them."""

    @abstractmethod
    def settle(self, weight: Floats, state: State, *, threads: int | None = None) -> None:
        """Bring all rows there, weights and moments."""

    @abstractmethod
    def _update(
        self,
        weight: Floats,
        state: State,
        rows: NDArray[np.int32],
        values: Floats,
        rate: float,
        threads: int | None,
    ) -> None:
        """The step itself; it counts `state["step"]` up, and changes nothing if it raises."""

    def _tables(self, weight: Floats, state: State) -> list[Floats]:
        """Weight and moments with as many rows as `seen` has."""
        shape = (len(state["seen"]), weight.size // len(state["seen"]))
        return [array.reshape(shape) for array in (weight, *(state[m] for m in self.moments))]


def every_row(state: State) -> NDArray[np.int32]:
    """The rows of `seen`, in order."""
    return np.arange(len(state["seen"]), dtype=np.int32)
