"""The labelled texts that a command is given beside a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bothways.errors import DataError

if TYPE_CHECKING:
    from bothways.artifact import Spec
    from bothways.data import Dataset


def read_beside(spec: Spec, data: str, **options: Any) -> Dataset:
    """DATA with the column that said what to hold out of the model's training, if one did and it
    is there: only so can the training's own data be told from its held-out part."""
    from bothways.data import held_out_column, read

    column = held_out_column(spec.training.get("validation"))
    if column is not None:
        try:
            return read(data, held_out=column, **options)
        except DataError:
            pass  # other data, which need not have it; what else is wrong is said below
    return read(data, **options)
