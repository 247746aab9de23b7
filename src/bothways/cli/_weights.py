"""What --class-weight means: 'balanced', or a JSON file of weights by label."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from bothways.data import open_regular, show
from bothways.errors import DataError, listed


def read_class_weight(
    value: str | None, labels: Sequence[str] | None
) -> str | dict[str, float] | None:
    """`"balanced"`, or the weights of a file: one JSON object from labels to numbers.

    `labels` are None where they are not known yet.

    Raises `DataError` if it is no such file, or names a label that is not among `labels`, or
    a weight that is no number from 0.
    """
    if value is None or value == "balanced":
        return value
    source = show(value)
    if not os.path.exists(value):
        raise DataError(f"class weight {source}: no such file; give a JSON file, or 'balanced'")
    with open_regular(value) as file:
        data = file.read()
    try:
        weights = json.loads(data, object_pairs_hook=_once)
    except _Twice as twice:
        raise DataError(f"{source}: gives the label {twice.args[0]!r} two weights") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source}: is not JSON ({error})") from None
    if not isinstance(weights, dict):
        raise DataError(f'{source}: holds no object, expected one such as {{"spam": 5}}')
    for label, weight in weights.items():
        if labels is not None and label not in labels:
            raise DataError(
                f"{source}: gives a weight to the label {label!r}, which no text has; the labels "
                f"are {listed(labels)}"
            )
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not 0 <= weight < float("inf"):
            raise DataError(
                f"{source}: the weight of the label {label!r} is {weight!r}, expected a number "
                "from 0"
            )
    if labels is not None and not any(weights.get(label, 1) for label in labels):
        raise DataError(f"{source}: gives every label the weight 0, expected some above 0")
    return weights


class _Twice(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two weights of one label are a mistake, of which `json` would keep the last."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found
