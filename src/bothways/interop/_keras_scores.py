"""What the numbers of a Keras model's last layer are: probabilities, or what becomes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bothways.errors import ArtifactError
from bothways.interop._keras_layers import Parts


def activation_of(parts: Parts, compiled: Any) -> tuple[str, list[str]]:
    """`"sigmoid"` or `"softmax"`, and a note where the last layer has neither.

    Then the loss that the model was compiled with says what its scores are. Raises
    `ArtifactError` for a loss that is none of labels.
    """
    if parts.activation != "linear":
        return parts.activation, []
    loss = _loss(compiled)
    if loss is not None and "crossentropy" not in loss:
        raise ArtifactError(
            f"its layer {parts.dense.name!r} is linear and its loss is {loss[:60]!r}, so that its "
            "numbers are no scores of labels"
        )
    binary = parts.units == 1 or (loss is not None and "binary" in loss)
    activation = "sigmoid" if binary else "softmax"
    because = "" if loss else ", as the file names no loss"
    return activation, [
        f"the last layer is linear: its numbers are taken as scores before a {activation}{because}"
    ]


def _loss(compiled: Any) -> str | None:
    """The name of the only loss, in small letters and without underscores; None if not known."""
    loss = compiled.get("loss") if isinstance(compiled, Mapping) else None
    while isinstance(loss, list) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, Mapping):
        loss = loss.get("class_name")
    if loss is None:
        return None
    return str(loss).replace("_", "").lower()
