"""What is searched: a table of the fields of a `Preset` and the values they may take.

A field that is not in it keeps the value of the recipe that the search begins with. To search
one more, add a line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from bothways.training import Preset


class Span(NamedTuple):
    """Numbers from `low` to `high`, both among them; whole ones if those are.

    With `log`, twice as much is as far as half as much. Values are rounded so that a person can
    read them: to a multiple of `unit`, or to two digits if there is none.
    """

    low: float
    high: float
    log: bool = False
    unit: float | None = None


class Choice(NamedTuple):
    """One of `values`."""

    values: tuple[Any, ...]


Space: TypeAlias = Mapping[str, Span | Choice]

SPACE: Space = {
    "max_tokens": Span(1_000, 60_000, log=True),
    "embedding_dim": Span(16, 256, log=True, unit=8),
    "hidden_size": Span(16, 128, log=True, unit=8),
    "layers": Choice((1, 2)),
    "pooling": Choice(("max", "mean", "last")),
    "dropout": Span(0.0, 0.6, unit=0.05),
    "embedding_dropout": Span(0.0, 0.7, unit=0.05),
    "input_dropout": Span(0.0, 0.4, unit=0.05),
    "word_dropout": Span(0.0, 0.4, unit=0.05),
    "word_vectors": Choice(("random", "unsupervised", "learned")),
    "learning_rate": Span(1e-3, 2e-2, log=True),
    "batch_size": Span(8, 128, log=True, unit=8),
    "epochs": Span(2, 16, log=True, unit=1),
}
"""Ranges around what serves texts from questions of ten words to long reviews, from thousands of
them to a hundred thousand. Wider ones find nothing more within minutes, and take longer to
search. `standardize` cannot be among them: sizes are told from the words of one vocabulary."""


def space_around(base: Preset, fixed: Collection[str], vocabulary: int, space: Space) -> Space:
    """The table without the `fixed` fields, and with the values of `base` in it.

    A vocabulary of more than the `vocabulary` words of the texts is the same as all of them.
    """
    if base.lookahead is not None:  # of one layer alone, and of no last state
        fixed = {*fixed, "layers", "pooling"}
    around: dict[str, Span | Choice] = {}
    for name, values in space.items():
        if name in fixed:
            continue
        own = coordinate(base, name, vocabulary)
        if isinstance(values, Choice):
            known = own in values.values
            around[name] = values if known else Choice((*values.values, own))
        else:
            low, high = min(values.low, own), max(values.high, own)
            if name == "max_tokens":
                low, high = min(low, vocabulary), min(high, vocabulary)
            around[name] = values._replace(low=low, high=high)
    return around


def coordinate(base: Preset, name: str, vocabulary: int) -> Any:
    """The place of `base` in the search: its value of a field, a number where that is None."""
    value = getattr(base, name)
    if name != "max_tokens":
        return value
    return vocabulary if value is None else min(value, vocabulary)


def recipe_at(base: Preset, point: Mapping[str, Any], vocabulary: int, space: Space) -> Preset:
    """The recipe of a point of the search, in readable numbers; exactly `base` at its own."""
    changes: dict[str, Any] = {}
    for name, value in point.items():
        own, values = coordinate(base, name, vocabulary), space[name]
        if isinstance(values, Span) and value != own:
            value = _readable(value, values)
        if value != own:
            changes[name] = value
    recipe = replace(base, **changes)
    if recipe.layers == 1 and recipe.layer_dropout:
        recipe = replace(recipe, layer_dropout=0.0)  # there is nothing between layers to drop
    return recipe


def changes(base: Preset, recipe: Preset) -> dict[str, Any]:
    """The fields in which `recipe` is not `base`, its name apart, and their values."""
    return {
        name: value
        for name, value in vars(recipe).items()
        if name != "name" and value != getattr(base, name)
    }


def _readable(value: float, span: Span) -> float:
    """Rounded as `Span` says, and still between its ends."""
    if span.unit is None:
        rounded = float(f"{value:.2g}")
    else:
        rounded = round(round(value / span.unit) * span.unit, 9)
    rounded = min(max(rounded, span.low), span.high)
    return int(rounded) if isinstance(value, int) else rounded
