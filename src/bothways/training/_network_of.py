"""From a recipe to what its network is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bothways.artifact import NetworkSpec
from bothways.training._presets import Preset


def network_of(recipe: Preset, *, outputs: int, multilabel: bool = False) -> NetworkSpec:
    """The network that the recipe trains for labels such as these, which the recipe knows not.

    Raises `ArtifactError` naming a field that is not as it should be.
    """
    of_labels: dict[str, Any] = {"outputs": outputs, "multilabel": multilabel}
    names = [field.name for field in fields(NetworkSpec) if field.name not in of_labels]
    return NetworkSpec(**of_labels, **{name: getattr(recipe, name) for name in names})
