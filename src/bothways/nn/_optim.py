"""The optimizers of `bothways.optim` for torch parameters."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from bothways.nn._row_optimizer import Parameters, RowOptimizer
from bothways.optim import AdamRule, RMSpropRule


class RMSprop(RowOptimizer):
    """RMSprop as Keras defines it, for dense and row-sparse gradients.

    Other than in torch's, epsilon is inside the root and `rho` is 0.9. Every weight has the
    bits of a dense optimizer after every step: see `bothways.optim.RMSprop`.
    """

    def __init__(
        self, params: Parameters, lr: float = 1e-3, rho: float = 0.9, epsilon: float = 1e-7
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "epsilon": epsilon})

    def rule(self, group: dict[str, Any]) -> RMSpropRule:
        """See `RowOptimizer`."""
        return RMSpropRule(group["rho"], group["epsilon"])

    def dense(self, parameter: Tensor, state: Any, gradient: Tensor, group: dict[str, Any]) -> None:
        """See `RowOptimizer`."""
        moment = state["moment"]
        moment.mul_(group["rho"]).addcmul_(gradient, gradient, value=1 - group["rho"])
        parameter.addcdiv_(gradient, (moment + group["epsilon"]).sqrt(), value=-float(group["lr"]))


class _AnyAdam(RowOptimizer):
    """What Adam and AdamW share."""

    def rule(self, group: dict[str, Any]) -> AdamRule:
        """See `RowOptimizer`."""
        names = ("beta_1", "beta_2", "epsilon", "weight_decay")
        return AdamRule(*(group[name] for name in names))

    def dense(self, parameter: Tensor, state: Any, gradient: Tensor, group: dict[str, Any]) -> None:
        """See `RowOptimizer`."""
        rule, rate = self.rule(group), float(group["lr"])
        first, second = state["first"], state["second"]
        first.lerp_(gradient, 1 - rule.beta_1)
        second.lerp_(gradient * gradient, 1 - rule.beta_2)
        parameter.sub_(parameter, alpha=rate * rule.weight_decay)
        rate = rule.corrected(rate, state["step"])
        parameter.addcdiv_(first, second.sqrt() + rule.epsilon, value=-rate)


class Adam(_AnyAdam):
    """Adam as Keras defines it, for dense and row-sparse gradients.

    Other than in torch's, epsilon is 1e-7 and added before the bias correction. Rows of a
    table with sparse gradients follow a dense optimizer within the bound that
    `bothways.optim.Adam` states; `ready` must be called before they are read:

        optimizer.ready(layer.embedding, ids)
        loss(layer(ids)).backward()
        optimizer.step()
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        settings = {"lr": lr, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        super().__init__(params, settings | {"weight_decay": 0.0})


class AdamW(_AnyAdam):
    """`Adam` whose weights decay by themselves: `w -= lr * weight_decay * w` in each step.

    Other than in torch's, the weight decay is 0.004.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float = 0.004,
    ) -> None:
        settings = {"lr": lr, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        super().__init__(params, settings | {"weight_decay": weight_decay})
