"""RMSprop that touches only the rows with a gradient, and equals the dense one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.nn import kernel_threads


class RMSprop(torch.optim.Optimizer):
    """RMSprop as Keras defines it, exact for row-sparse gradients.

    `v = rho * v + (1 - rho) * g**2` and `w -= lr * g / sqrt(v + epsilon)`: other than in
    torch's, epsilon is inside the root and `rho` is 0.9 (Hinton, lecture 6e; Keras's
    defaults). A row of a table without gradient keeps its weights while its moment decays;
    the decays it missed are made up when it is next seen, so that every weight has the bits
    of a dense optimizer after every step. On another device than the CPU the dense update is
    done.

    Raises `ArgumentError` for a rate that is not positive, or `rho` outside [0, 1).
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        rho: float = 0.9,
        epsilon: float = 1e-7,
    ) -> None:
        if lr <= 0 or not 0 <= rho < 1 or epsilon <= 0:
            raise ArgumentError(
                f"lr and epsilon must be positive and rho in [0, 1), "
                f"got lr={lr}, epsilon={epsilon}, rho={rho}"
            )
        super().__init__(params, {"lr": lr, "rho": rho, "epsilon": epsilon})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)
        return loss

    @torch.no_grad()
    def settle(self) -> None:
        """Apply all missed decays, so that every moment is that of the dense optimizer too."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if state.get("seen") is not None:
                    every = np.arange(len(state["seen"]), dtype=np.int32)
                    _update_rows(parameter, state, every, None, group)

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        on_cpu = parameter.device.type == "cpu" and parameter.dtype == torch.float32
        if not state:
            state["step"], state["moment"] = 0, torch.zeros_like(parameter)
            if on_cpu:
                count = len(parameter) if gradient.is_sparse else 1
                state["seen"] = torch.zeros(count, dtype=torch.int64)
        state["step"] += 1
        if not on_cpu:
            _update_dense(parameter, state["moment"], gradient, group)
            return
        if not gradient.is_sparse:
            rows = np.arange(len(state["seen"]), dtype=np.int32)
            _update_rows(parameter, state, rows, gradient.contiguous(), group)
            return
        rows, values = _rows_of(gradient)
        if len(state["seen"]) != len(parameter):  # dense steps came before
            state["seen"] = torch.full((len(parameter),), state["step"] - 1)
        _update_rows(parameter, state, rows, values, group)


def _rows_of(gradient: Tensor) -> tuple[NDArray[np.int32], Tensor]:
    """The rows of a sparse gradient, each once, and their values.

    Autograd forgets that our gradients are coalesced, and torch's `coalesce` copies them to
    find out; rows in strictly ascending order show it for less.
    """
    rows = gradient._indices()[0].numpy()
    if (rows[1:] > rows[:-1]).all():
        return rows.astype(np.int32), gradient._values()
    gradient = gradient.coalesce()
    return gradient.indices()[0].numpy().astype(np.int32), gradient.values()


def _update_rows(parameter, state, rows, gradient, group):
    seen = state["seen"].numpy()
    shape = (len(seen), parameter.numel() // len(seen))
    kernels.rmsprop_rows(
        parameter.detach().numpy().reshape(shape),
        state["moment"].numpy().reshape(shape),
        seen,
        rows,
        None if gradient is None else gradient.numpy().reshape(len(rows), shape[1]),
        step=state["step"],
        rate=group["lr"],
        decay=group["rho"],
        epsilon=group["epsilon"],
        threads=kernel_threads(),
    )


def _update_dense(parameter, moment, gradient, group):
    gradient = gradient.to_dense() if gradient.is_sparse else gradient
    moment.mul_(group["rho"]).addcmul_(gradient, gradient, value=1 - group["rho"])
    parameter.addcdiv_(gradient, (moment + group["epsilon"]).sqrt(), value=-group["lr"])
