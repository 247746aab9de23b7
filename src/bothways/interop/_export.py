"""A model in a form that another program opens."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bothways import artifact
from bothways.artifact import Spec
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop._compare import Comparison, compare
from bothways.interop._sample import sample_of
from bothways.runtime import Model

Tensors = Mapping[str, NDArray[np.float32]]


class Writer(Protocol):
    """What the module of a form has."""

    def encode(self, spec: Spec, tensors: Tensors, name: str) -> dict[str, bytes]:
        """The bytes of each file by its plain name: `name`, and any that lie beside it.

        Raises `ArtifactError` for a model that the form cannot hold.
        """

    def answer(
        self, files: Mapping[str, bytes], name: str, model: Model, texts: Sequence[str]
    ) -> tuple[NDArray[np.floating[Any]], str]:
        """The probabilities `(N, C)` that the files give, and which program computed them.

        `model` is there for what the files leave to their user, such as turning texts into ids.
        """


FORMS = {
    "keras": "bothways.interop._keras_write",
    "onnx": "bothways.interop._onnx",
    "torch": "bothways.interop._torch",
}
"""The forms that can be written, and the module that does, a `Writer`."""


def export(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    to: str,
    texts: Sequence[str] | None = None,
    overwrite: bool = False,
) -> tuple[Comparison, list[str]]:
    """Write the model of `folder` to the file `path` in one of `FORMS`.

    The file is opened as its readers would and compared with the model on up to 1,000 of `texts`,
    or on texts made of the vocabulary, an empty one among them. Returns what was seen, and the
    paths of all files: what the form cannot hold, such as the vocabulary, lies beside it.

    Raises `ArgumentError` for an unknown form and an empty list of texts; `ArtifactError` if the
    folder is no model, the form cannot hold it, the answers differ, or a file is there and
    `overwrite` is not given; `DataError` for a text that is none; `MissingExtraError`. Then no
    file has changed.
    """
    if to not in FORMS:
        raise ArgumentError(f"there is no form {to!r} to export to, expected one of {[*FORMS]}")
    target = artifact.check_replaceable(path)
    writer: Any = importlib.import_module(FORMS[to])
    name = os.path.basename(target)
    spec, tensors = artifact.load(folder)
    if spec.network.lookahead is not None:
        raise ArtifactError(
            f"this model reads back from {spec.network.lookahead} tokens ahead of each one "
            f"(lookahead), and the layers of {to} read back from the end: it cannot be exported"
        )
    files = writer.encode(spec, tensors, name)
    paths = {other: os.path.join(os.path.dirname(target), other) for other in files}
    for place in paths.values():
        artifact.check_replaceable(place)
        if os.path.lexists(place) and not overwrite:
            raise ArtifactError(
                f"{place}: is there already; overwrite=True (--overwrite) replaces it"
            )
    sample = sample_of(texts, spec.vectorizer)
    model = Model(spec, tensors)
    answers, program = writer.answer(files, name, model, sample)
    seen = compare(model.predict_proba(sample), answers, program)
    for other in sorted(files, key=name.__eq__):  # the file that was asked for comes last
        artifact.replace_file(paths[other], files[other])
    return seen, [paths[other] for other in files]
