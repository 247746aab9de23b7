"""Smaller models: fewer words, numbers in 8 bits, and what that costs, measured."""

from bothways._amounts import parse_size
from bothways.compression._change import change
from bothways.compression._compress import compress
from bothways.compression._shrink import shrink
from bothways.compression._words import by_importance, keep_words

__all__ = ["by_importance", "change", "compress", "keep_words", "parse_size", "shrink"]
