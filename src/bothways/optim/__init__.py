"""Optimizers on NumPy arrays that touch only the rows a batch used.

An `Optimizer` has parameters by name; a `Rule` is its arithmetic on one of them.
"""

from bothways.optim._adam import Adam, AdamRule, AdamW
from bothways.optim._base import Optimizer
from bothways.optim._rmsprop import RMSprop, RMSpropRule
from bothways.optim._rule import RowGradient, Rule

__all__ = [
    "Adam",
    "AdamRule",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "RMSpropRule",
    "RowGradient",
    "Rule",
]
