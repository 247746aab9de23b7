"""What every optimizer here offers: parameters updated in place, by rows where that is enough."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError

Floats = NDArray[np.float32]


class RowGradient(NamedTuple):
    """The gradient of a table of which a batch used few rows.

    `rows (U,)` int32, each once; `values (U, ...)` float32. The other rows have gradient zero.
    """

    rows: NDArray[np.int32]
    values: Floats


class Optimizer(ABC):
    """Updates float32 arrays in place.

    `parameters` are named arrays; each must be contiguous. `step(gradients, rate=...)` takes a
    gradient for every one of them that changes: an array of the parameter's shape, or a
    `RowGradient`. Raises `ArgumentError` for arrays that are not contiguous float32.
    """

    def __init__(self, parameters: Mapping[str, Floats]) -> None:
        for name, array in parameters.items():
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise ArgumentError(
                    f"an optimizer updates contiguous float32 arrays, and {name} is {array.dtype}"
                    f"{'' if array.flags.c_contiguous else ', not contiguous'}"
                )
        self.parameters = dict(parameters)
        self.steps = 0

    def ready(  # noqa: B027
        self, name: str, rows: NDArray[np.int32], *, threads: int | None = None
    ) -> None:
        """Bring `rows (U,)` of a table to where a dense optimizer would have them now.

        To be called before a forward pass reads them. Here nothing is to be done: the weights
        of a row without gradient stay as they are.
        """

    @abstractmethod
    def step(
        self,
        gradients: Mapping[str, Floats | RowGradient],
        *,
        rate: float,
        threads: int | None = None,
    ) -> None:
        """One update with the learning rate `rate`."""

    @abstractmethod
    def settle(self, *, threads: int | None = None) -> None:
        """Bring every row to where a dense optimizer would have it now.

        Rows without gradient fall behind until they are next seen; reading a whole table
        (validation, saving) needs them all.
        """
