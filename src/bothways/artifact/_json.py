"""JSON from strangers: what is ambiguous or made to exhaust the reader is refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from bothways.artifact._check import first_repeat
from bothways.errors import ArtifactError


def parse(data: bytes) -> dict[str, Any]:
    """The object that `data` holds.

    Raises `ArtifactError` if it is not UTF-8 or not JSON, is nested too deep, or holds a key
    twice, NaN, infinity, or an integer beyond 64 bits.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as error:
        raise ArtifactError(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ArtifactError(
            f"it is not JSON at line {error.lineno}, column {error.colno} ({error.msg})"
        ) from None
    except RecursionError:
        raise ArtifactError("its JSON is nested too deep") from None
    if not isinstance(value, dict):
        raise ArtifactError(f"it holds a {type(value).__name__}, expected an object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = names[first_repeat(names)]
        raise ArtifactError(f"the key {twice[:60]!r} is there twice")
    return result


def _constant(text: str) -> NoReturn:
    raise ArtifactError(f"it holds {text}, which is not JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ArtifactError(f"it holds {text[:40]}, which no float can hold")
    return value


def _int(text: str) -> int:
    # Python takes time that grows with the square of the digits, up to its own limit.
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ArtifactError(f"it holds the integer {text[:24]}..., which has more than 64 bits")
    return int(text)
