"""A model of another program as a model folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from bothways import artifact
from bothways.errors import ArgumentError
from bothways.interop._compare import Comparison, compare
from bothways.interop._keras_read import Options, read_keras
from bothways.interop._sample import made_of, spread
from bothways.runtime import Model


class Imported(NamedTuple):
    """What was seen when the model was compared with the file, and sentences about what is
    not obvious of it."""

    seen: Comparison
    notes: list[str]


def import_keras(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    labels: Sequence[str] | None = None,
    vocabulary: str | os.PathLike[str] | None = None,
    length: int | None = None,
    standardize: str | None = "lower_and_strip_punctuation",
    split: str = "whitespace",
    as_trained: bool = False,
    texts: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Imported:
    """Write the model of the `.keras` file `path` as the folder `out`.

    It may be an Embedding, LSTM and Bidirectional layers, a pooling over time and a Dense layer.
    `labels` are the names of its outputs, the first one that of zero where there is a single
    output (`"0"`, `"1"`, ... if None). A model without a TextVectorization needs the file
    `vocabulary`, a token a line, and reads texts as a TextVectorization with `standardize`,
    `split` and `length` does. `as_trained` imports a model without a mask, which reads
    the padding up to the length as if it were text.

    The file is never executed: what its layers give is computed in plain NumPy, and compared
    with the model on up to 1,000 of `texts`, or on texts made of the vocabulary.

    Raises `ArtifactError` for a file that is not whole, or has a layer or option that is not
    understood; `ArgumentError` for options that contradict it; `MissingExtraError` without h5py.
    Then `out` is as it was.
    """
    if length is not None and length < 1:
        raise ArgumentError(f"length must be a whole number from 1, got {length!r}")
    artifact.check_writable(out, overwrite=overwrite)
    options = Options(labels, vocabulary, length, standardize, split, as_trained)
    with artifact.about(os.fsdecode(path)):
        read = read_keras(path, options)
        model = Model(read.spec, read.tensors)
        sample = made_of(read.spec.vectorizer) if texts is None else spread(texts)
        if not sample:
            raise ArgumentError("there are no texts to compare on, expected one or more")
        theirs, known = read.answer(model.vectorizer.encode(sample).ids)
        ours = model.predict_proba(sample)
        seen = compare(ours[known], theirs[known], "the file's layers in plain NumPy")
    card = artifact.card(read.spec)
    artifact.save(out, read.spec, read.tensors, card, overwrite=overwrite)
    return Imported(seen, read.notes)
