"""Rules of `bothways.optim` on torch parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bothways import kernels
from bothways.errors import ArgumentError
from bothways.nn._threads import kernel_threads
from bothways.optim import RowGradient, Rule

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]]


class RowOptimizer(torch.optim.Optimizer, ABC):
    """A torch optimizer that updates only the rows of a table that a sparse gradient names.

    Contiguous float32 parameters on the CPU are updated by the kernels, and their state is
    that of a `bothways.optim.Rule`, as tensors. For all others torch does the dense update.

    Raises `ArgumentError` for settings that the rule refuses, or a rate that is not positive.
    """

    def __init__(self, params: Parameters, settings: dict[str, float]) -> None:
        super().__init__(params, settings)

    @abstractmethod
    def rule(self, group: dict[str, Any]) -> Rule:
        """The rule with the settings of a parameter group."""

    @abstractmethod
    def dense(self, parameter: Tensor, state: Any, gradient: Tensor, group: dict[str, Any]) -> None:
        """The same update in torch, with a dense gradient; `state["step"]` is this step."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """See torch; the settings are checked."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if not group["lr"] > 0:
            raise ArgumentError(f"lr must be positive, got lr={group['lr']}")
        self.rule(group)

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
    def ready(self, parameter: Tensor, ids: Tensor) -> None:
        """Bring the rows `ids`, in any number and order, to where a dense optimizer has them.

        To be called before they are read in a training step. Only Adam's rows need it, which
        move by momentum without a gradient; a step refuses a sparse gradient of others.
        """
        for group in self.param_groups:
            for own in group["params"]:
                if own is parameter:
                    if self.state.get(parameter) and _on_kernels(parameter):
                        self._ready(parameter, ids, group)
                    return
        raise ArgumentError("ready got a tensor that is not a parameter of this optimizer")

    @torch.no_grad()
    def settle(self) -> None:
        """Bring every row, moments included, to where a dense optimizer has it.

        To be called before whole tables are read: validation, saving, a move to another device.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                if self.state.get(parameter) and _on_kernels(parameter):
                    state = self._arrays(parameter)
                    self.rule(group).settle(_array(parameter), state, threads=kernel_threads())
                    self._keep(parameter, state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See torch."""
        super().load_state_dict(state_dict)
        # torch has cast all to the parameter's dtype, steps and double precision too.
        saved = [place for group in state_dict["param_groups"] for place in group["params"]]
        own = [parameter for group in self.param_groups for parameter in group["params"]]
        for place, parameter in zip(saved, own, strict=True):
            for name, value in state_dict["state"].get(place, {}).items():
                if name in ("seen", "history"):
                    self.state[parameter][name] = value.cpu().clone()

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        rule = self.rule(group)
        if gradient.is_sparse and gradient.sparse_dim() != 1:
            gradient = gradient.to_dense()
        if not _on_kernels(parameter):
            gradient = gradient.to_dense() if gradient.is_sparse else gradient
            self.dense(parameter, self._dense_state(parameter, rule), gradient, group)
            return
        if not self.state.get(parameter):
            self._keep(parameter, rule.start(_array(parameter)))
        state = self._arrays(parameter)
        rule.step(
            _array(parameter),
            state,
            _rows_of(gradient) if gradient.is_sparse else gradient.detach().contiguous().numpy(),
            rate=float(group["lr"]),
            threads=kernel_threads(),
        )
        self._keep(parameter, state)

    def _ready(self, parameter: Tensor, ids: Tensor, group: dict[str, Any]) -> None:
        rows = kernels.unique(ids.reshape(-1).cpu().numpy(), len(parameter)).distinct
        state = self._arrays(parameter)
        self.rule(group).ready(_array(parameter), state, rows, threads=kernel_threads())

    def _dense_state(self, parameter: Tensor, rule: Rule) -> dict[str, Any]:
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            for name in rule.moments:
                zeros = torch.zeros_like(parameter, memory_format=torch.contiguous_format)
                state[name] = zeros
        seen = state.get("seen")
        if seen is not None and (seen < state["step"]).any():
            raise ArgumentError("rows are behind: call settle before a parameter leaves the CPU")
        for name in ("seen", "history", "base"):
            state.pop(name, None)
        state["step"] += 1
        return state

    def _arrays(self, parameter: Tensor) -> dict[str, Any]:
        """The state as the rule has it; the arrays share the memory of the tensors."""
        state = self.state[parameter]
        if "seen" not in state:  # it comes from a dense update
            state["seen"] = torch.tensor([state["step"]])
        return {k: v.numpy() if isinstance(v, Tensor) else v for k, v in state.items()}

    def _keep(self, parameter: Tensor, state: dict[str, Any]) -> None:
        for name, value in state.items():
            is_array = isinstance(value, np.ndarray)
            self.state[parameter][name] = torch.from_numpy(value) if is_array else value


def _on_kernels(parameter: Tensor) -> bool:
    is_float32_on_cpu = parameter.device.type == "cpu" and parameter.dtype == torch.float32
    return is_float32_on_cpu and parameter.is_contiguous()


def _array(parameter: Tensor) -> Any:
    return parameter.detach().numpy()


def _rows_of(gradient: Tensor) -> RowGradient:
    """The rows of a sparse gradient, each once, and their values.

    Autograd forgets that our gradients are coalesced, and torch's `coalesce` copies them to
    find out; rows in strictly ascending order show it for less.
    """
    rows = gradient._indices()[0].numpy()
    if not (rows[1:] > rows[:-1]).all():
        gradient = gradient.coalesce()
        rows = gradient.indices()[0].numpy()
    return RowGradient(rows.astype(np.int32), gradient._values().detach().contiguous().numpy())
