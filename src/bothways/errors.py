"""Every error that Bothways raises on purpose.

    BothwaysError
     ├── DataError          a file, table or text that cannot be used (also a ValueError)
     ├── ArtifactError      a model folder that cannot be written or read
     ├── CacheError         a cache of ids that cannot be made or used
     ├── ArgumentError      a value that a function cannot take (also a ValueError)
     │    └── TensorError   a tensor that a layer cannot take (also a RuntimeError, as torch's)
     ├── RanksError         processes that train together and are gone, late or not alike
     ├── NotFittedError     predict before fit (also a ValueError and AttributeError)
     └── MissingExtraError  an optional dependency is not installed (also an ImportError)

A message says what was got, what was expected, and where: file, line, column.
The command line prints it as one sentence and exits with 1.
"""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "ArtifactError",
    "BothwaysError",
    "CacheError",
    "DataError",
    "MissingExtraError",
    "NotFittedError",
    "RanksError",
    "TensorError",
    "listed",
    "require",
]

import importlib
from collections.abc import Iterable
from itertools import islice
from types import ModuleType


class BothwaysError(Exception):
    """The root of the tree: catch this to catch everything below."""


class DataError(BothwaysError, ValueError):
    """A file, table or text that cannot be used."""


class ArtifactError(BothwaysError):
    """A model folder that cannot be written or read."""


class CacheError(BothwaysError):
    """A cache of ids that cannot be made or used."""


class ArgumentError(BothwaysError, ValueError):
    """A value that a function cannot take."""


class TensorError(ArgumentError, RuntimeError):
    """A tensor that a layer cannot take: torch's layers raise a RuntimeError there, or a
    ValueError, and who catches either catches this."""


class NotFittedError(BothwaysError, ValueError, AttributeError):
    """Something was asked of a model or vectorizer that has not been fitted."""


class RanksError(BothwaysError):
    """Processes that train one model together: one is gone, late, or not like the others."""


class MissingExtraError(BothwaysError, ImportError):
    """An optional dependency is not installed."""


def listed(names: Iterable[object], most: int = 10) -> str:
    """The first names in quotes, for a message: `'neg', 'pos', ...`."""
    first = list(islice(names, most + 1))
    return ", ".join(map(repr, first[:most])) + (", ..." if len(first) > most else "")


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import `module`, or say in one sentence how to install it.

    `purpose` completes the sentence "... needs <module>", as in "training".
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        if error.name != root:
            raise
        raise MissingExtraError(
            f"{purpose} needs {root}, which is not installed: pip install 'bothways[{extra}]'"
        ) from None
