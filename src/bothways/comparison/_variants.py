"""Recipes that differ in what a comparison is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bothways.errors import ArgumentError
from bothways.training import Preset, preset

CHANGES: dict[str, dict[str, Any]] = {
    "both": {"bidirectional": True},
    "forward": {"bidirectional": False},
    "masked": {"mask": True},
    "unmasked": {"mask": False},
}


class Variant(NamedTuple):
    """A recipe and the name that it has in a comparison."""

    name: str
    recipe: Preset


def default_variants(base: str) -> list[str]:
    """The recipe as it is, and one direction or no mask instead."""
    return [base, *(f"{base}:{change}" for change in ("forward", "unmasked", "forward,unmasked"))]


def parse_variants(
    names: Sequence[str], *, epochs: int | None = None, length: int | None = None
) -> list[Variant]:
    """Variants from `RECIPE` or `RECIPE:CHANGE,CHANGE`, where a recipe is a preset's name or a
    `.json` file; `epochs` and `length` (in tokens), if given, are those of all.

    Raises `ArgumentError` for what is none, for fewer than two, for one that is named twice, and
    for one without a mask and a length to fill texts up to.
    """
    found = [Variant(name, _recipe(name, epochs, length)) for name in names]
    if len(found) < 2:
        raise ArgumentError(f"a comparison needs two variants or more, got {len(found)}")
    for n, (name, recipe) in enumerate(found):
        if name in names[:n]:
            raise ArgumentError(f"the variant {name!r} is there twice")
        if not recipe.mask and recipe.length is None:
            raise ArgumentError(
                f"{name}: without a mask texts are filled up to a length, and the recipe has none; "
                "give one (--max-length)"
            )
    return found


def _recipe(name: str, epochs: int | None, length: int | None) -> Preset:
    base, _, changes = name.partition(":")
    recipe = preset(base)
    for change in changes.split(",") if changes else ():
        if change not in CHANGES:
            raise ArgumentError(
                f"{name}: {change!r} is no change of a recipe; there are {', '.join(CHANGES)}"
            )
        recipe = replace(recipe, **CHANGES[change])
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs, least_steps=0)
    return recipe if length is None else replace(recipe, length=length)
