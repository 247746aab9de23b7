"""What has been read of another program's file, before it is compared and saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.artifact import Spec
from bothways.errors import ArgumentError

Answers = tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]


class Options(NamedTuple):
    """What a file may not say: see `import_keras`, and of the last three `import_torch`."""

    labels: Sequence[str] | None = None
    vocabulary: str | os.PathLike[str] | None = None
    length: int | None = None
    standardize: str | None = "lower_and_strip_punctuation"
    split: str = "whitespace"
    as_trained: bool = False
    pooling: str | None = None
    merge: str | None = None
    multilabel: bool = False


class ReadModel(NamedTuple):
    """A model as it was read.

    `answer` gives the probabilities `(N, C)` that the file's layers give for ids, and whether
    each is a number at all, `(N,)`; `notes` are sentences for people.
    """

    spec: Spec
    tensors: dict[str, NDArray[np.float32]]
    answer: Callable[[Ragged], Answers]
    notes: list[str]


def label_names(given: Sequence[str] | None, units: int) -> tuple[str, ...]:
    """The labels of a last layer of so many units; numbers if none are given.

    Raises `ArgumentError` if there are more or fewer.
    """
    count = max(2, units)
    if given is None:
        return tuple(str(n) for n in range(count))
    if len(given) != count:
        raise ArgumentError(
            f"got {len(given)} labels, expected {count}, as the model's last layer has {units} "
            f"unit{'' if units == 1 else 's'}"
        )
    return tuple(given)
