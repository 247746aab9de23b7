"""Checks of single values. Each raises `ArtifactError` naming the key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from bothways.errors import ArtifactError

# Far deeper than any fact about a training, far shallower than Python's stack.
_DEEPEST = 20


def refuse(key: str, got: Any, expected: str) -> NoReturn:
    """Raise `ArtifactError`: `network.hidden_size is 0, expected ...`."""
    shown = repr(got)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise ArtifactError(f"{key} is {shown}, expected {expected}")


def whole(key: str, value: Any, least: int, most: int) -> None:
    """An int (not a bool) between `least` and `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        refuse(key, value, f"a whole number from {least} to {most}")


def flag(key: str, value: Any) -> None:
    """True or False."""
    if not isinstance(value, bool):
        refuse(key, value, "true or false")


def rate(key: str, value: Any) -> float:
    """A number from 0 up to but not including 1, as a float."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < 1:
        refuse(key, value, "a number from 0 to below 1")
    return float(value)


def positive(key: str, value: Any) -> float:
    """A finite number above 0, as a float."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        refuse(key, value, "a number above 0")
    return float(value)


def choice(key: str, value: Any, choices: Sequence[str | None]) -> None:
    """One of `choices`."""
    if not (value is None or isinstance(value, str)) or value not in choices:
        refuse(key, value, "one of " + ", ".join(map(repr, choices)))


def string(key: str, value: Any) -> str:
    """A string that UTF-8 can hold, as a plain `str`."""
    if not isinstance(value, str):
        refuse(key, value, "a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        refuse(key, value, "a string without halves of surrogate pairs")
    return str(value)


def strings(key: str, value: Any) -> tuple[str, ...]:
    """A list or tuple of distinct strings, as a tuple of plain `str`."""
    if not isinstance(value, list | tuple):
        refuse(key, value, "a list of strings")
    result = tuple(string(f"{key}[{index}]", item) for index, item in enumerate(value))
    if len(set(result)) < len(result):
        index = first_repeat(result)
        refuse(f"{key}[{index}]", result[index], "no string twice")
    return result


def first_repeat(items: Sequence[str]) -> int:
    """The index of the first item that was there before; `len(items)` if there is none."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item in seen:
            return index
        seen.add(item)
    return len(items)


def facts(key: str, value: Any) -> dict[str, Any]:
    """A dict of what JSON can hold, copied: equal to itself after writing and reading.

    Tuples become lists and NumPy scalars Python's. NaN and infinity are not JSON.
    """
    if not isinstance(value, dict):
        refuse(key, value, "an object")
    return _plain(key, value, 0)


def _plain(key: str, value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ArtifactError(f"{key} is nested deeper than {_DEEPEST} levels")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return string(key, value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list | tuple):
        return [_plain(f"{key}[{n}]", item, depth + 1) for n, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            string(f"a key of {key}", name): _plain(f"{key}.{name}", item, depth + 1)
            for name, item in value.items()
        }
    refuse(key, value, "what JSON holds: null, bool, int, finite float, string, list, object")
