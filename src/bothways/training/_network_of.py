"""From a recipe to what its network is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError
from bothways.training._presets import Preset

# What only models from elsewhere have, and no recipe can ask for.
_FROM_ELSEWHERE = ("lower_layers", "zero_under")


def check_trainable(spec: NetworkSpec) -> None:
    """Raise `ArgumentError` for a network that is predicted with and not trained."""
    if spec.lower_layers:
        raise ArgumentError(
            "the layers of this network differ in width, directions or merge, and only layers "
            "that are alike can be trained"
        )
    if spec.zero_under:
        raise ArgumentError(
            "this network takes the maximum of a text and of the zeros behind it, and only one "
            "that takes that of the text can be trained"
        )


def network_of(recipe: Preset, *, outputs: int, multilabel: bool = False) -> NetworkSpec:
    """The network that the recipe trains for labels such as these, which the recipe knows not.

    Raises `ArtifactError` naming a field that is not as it should be.
    """
    of_labels: dict[str, Any] = {"outputs": outputs, "multilabel": multilabel}
    others = {*of_labels, *_FROM_ELSEWHERE}
    names = [field.name for field in fields(NetworkSpec) if field.name not in others]
    return NetworkSpec(**of_labels, **{name: getattr(recipe, name) for name in names})
