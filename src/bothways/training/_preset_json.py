"""Recipes by name, or as JSON: an object with the fields of a `Preset`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from bothways.artifact import parse_json
from bothways.errors import ArgumentError, ArtifactError
from bothways.training._presets import PRESETS, Preset


def preset(name: str) -> Preset:
    """The preset of that name, or the recipe in the file `name` if that ends with `.json`.

    Raises `ArgumentError` for an unknown name, with those there are, and for a file that
    cannot be read or holds no recipe, with the field that is wrong.
    """
    if name.endswith(".json"):
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            raise ArgumentError(f"{name}: cannot be read ({error.strerror})") from None
        return parse_preset(data, name)
    if name not in PRESETS:
        raise ArgumentError(
            f"there is no preset {name!r}: choose from {', '.join(PRESETS)}, "
            "or give a file that ends with .json"
        )
    return PRESETS[name]


def preset_json(recipe: Preset) -> str:
    """Every field of the recipe as JSON, a line each."""
    return json.dumps(asdict(recipe), indent=2, allow_nan=False) + "\n"


def parse_preset(data: bytes, source: str = "the preset") -> Preset:
    """The inverse of `preset_json`; a field that is not there has its default.

    Raises `ArgumentError`, beginning with `source`, for what is not JSON, an unknown field, or
    a value that its field cannot have.
    """
    try:
        values = parse_json(data)
    except ArtifactError as error:
        raise ArgumentError(f"{source}: {error}") from None
    names = [field.name for field in fields(Preset)]
    unknown = [name for name in values if name not in names]
    if unknown:
        raise ArgumentError(
            f"{source}: {unknown[0]!r} is no field of a preset, expected {', '.join(names)}"
        )
    if "name" not in values:
        raise ArgumentError(f"{source}: the field 'name' is missing")
    hints = get_type_hints(Preset)
    return Preset(**{k: _value(source, k, v, hints[k]) for k, v in values.items()})


def _value(source: str, name: str, value: Any, hint: Any) -> Any:
    """`value` as the field's type has it; an `ArgumentError` if it has no such value."""

    def refuse(expected: str) -> NoReturn:
        shown = json.dumps(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise ArgumentError(f"{source}: {name} is {shown}, expected {expected}")

    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        (hint,) = [one for one in get_args(hint) if one is not type(None)]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            refuse("one of " + ", ".join(map(json.dumps, get_args(hint))))
    elif hint is float:
        # Of the rates, those of dropout are a share of what is there.
        share = name.endswith("dropout")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < (1 if share else math.inf):
            refuse("a number from 0" + (" to below 1" if share else ""))
        return float(value)
    elif hint is int:
        if not isinstance(value, int) or isinstance(value, bool) or value < _least(name):
            refuse(f"a whole number from {_least(name)}")
    elif not isinstance(value, hint):
        refuse({bool: "true or false", str: "a string"}[hint])
    return value


def _least(name: str) -> int:
    """The least value of a whole number: 0 where that is the default, for nothing of it, and of
    tokens that are looked ahead at."""
    return 0 if name == "lookahead" or getattr(Preset("default"), name) == 0 else 1
