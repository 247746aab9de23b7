"""Bidirectional LSTM text models, trained, explained and served on the machine you have.

Importing this loads NumPy and the compiled kernels and nothing heavier; the rest of
the public names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bothways._ragged import Ragged
from bothways.errors import BothwaysError

if TYPE_CHECKING:
    from bothways.compression import compress
    from bothways.data import read
    from bothways.estimators import TextClassifier
    from bothways.runtime import Model, Stream, load
    from bothways.text import TextVectorizer
    from bothways.tuning import autotune

__version__ = "0.1.0"

__all__ = [
    "BothwaysError",
    "Model",
    "Ragged",
    "Stream",
    "TextClassifier",
    "TextVectorizer",
    "__version__",
    "autotune",
    "compress",
    "load",
    "read",
]

_LAZY = {
    "Model": "bothways.runtime",
    "Stream": "bothways.runtime",
    "TextClassifier": "bothways.estimators",
    "TextVectorizer": "bothways.text",
    "autotune": "bothways.tuning",
    "compress": "bothways.compression",
    "load": "bothways.runtime",
    "read": "bothways.data",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'bothways' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
