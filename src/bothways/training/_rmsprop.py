"""RMSprop for torch parameters, under its first name."""

from bothways.nn import RMSprop

__all__ = ["RMSprop"]
