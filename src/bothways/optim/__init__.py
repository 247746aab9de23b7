"""Optimizers on NumPy arrays that touch only the rows a batch used."""

from bothways.optim._base import Optimizer, RowGradient
from bothways.optim._rmsprop import RMSprop

__all__ = ["Optimizer", "RMSprop", "RowGradient"]
