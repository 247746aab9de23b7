"""The rows and the answers of a model that gives a text several labels or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bothways.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bothways.artifact import Spec
    from bothways.data import Dataset

SEPARATOR = "|"
"""Between the labels of a line, and between their probabilities."""


def several(rows: Dataset) -> str:
    """What is said of the labels of rows that may have several: how many there are."""
    sets = rows.label_sets
    if sets is None:
        return ""
    none = sum(not labels for labels in sets)
    mean = sum(map(len, sets)) / len(sets)
    return f" ({mean:.2f} a text{f', {none:,} texts without one' if none else ''})"


def lines(spec: Spec, probabilities: NDArray[np.float32]) -> Iterator[str]:
    """`LABEL|LABEL<TAB>PROBABILITY|PROBABILITY` of each text, a tab alone if it has no label."""
    from bothways.runtime import labels_of

    for row in probabilities:
        found = labels_of(spec, row)
        names = SEPARATOR.join(name for name, _ in found)
        yield f"{names}\t{SEPARATOR.join(f'{p:.4f}' for _, p in found)}\n"


def rows_for(spec: Spec, rows: Dataset) -> Dataset:
    """The rows with sets of labels where the model gives sets.

    Raises `DataError` where it gives one label, and rows have several.
    """
    if spec.task == "multilabel":
        return replace(rows, labels=None, label_sets=rows.sets)
    if rows.label_sets is not None:
        raise DataError(f"{rows.source}: a text has several labels, and the model gives one")
    return rows
