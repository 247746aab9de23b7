"""A model of another program as a model folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bothways import artifact
from bothways.artifact import Spec
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop._compare import Comparison, compare
from bothways.interop._keras_read import read_keras
from bothways.interop._read_model import Options, ReadModel
from bothways.interop._sample import sample_of
from bothways.interop._torch_read import read_torch
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
    `split` and `length` does; or the `.json` file that `export` wrote, which says all of it.
    `as_trained` imports a model without a mask, which reads the padding up to the length as if
    it were text.

    The file is never executed: what its layers give is computed in plain NumPy, and compared
    with the model on up to 1,000 of `texts`, or on texts made of the vocabulary.

    Raises `ArtifactError` for a file that is not whole, or has a layer or option that is not
    understood; `ArgumentError` for options that contradict it; `MissingExtraError` without h5py.
    Then `out` is as it was.
    """
    options = Options(labels, vocabulary, length, standardize, split, as_trained)
    return _import(read_keras, path, out, options, texts, overwrite)


def import_torch(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    labels: Sequence[str] | None = None,
    vocabulary: str | os.PathLike[str] | None = None,
    length: int | None = None,
    standardize: str | None = "lower_and_strip_punctuation",
    split: str = "whitespace",
    as_trained: bool = False,
    pooling: str | None = None,
    merge: str | None = None,
    multilabel: bool = False,
    texts: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Imported:
    """Write the model of the safetensors file `path` as the folder `out`.

    It holds the state dict of one `nn.Embedding`, one `nn.LSTM` and one `nn.Linear`, whatever
    their names; what `export` wrote says everything else itself. Of others `vocabulary` is a file
    of the tokens, one a line, with a line for padding and unknown words or without, `pooling`
    says what the last layer reads, `"last"` (`h_n`), `"mean"` or `"max"`, and `merge` how two
    directions are joined if not side by side. Several outputs go through a softmax, or with
    `multilabel` a sigmoid each. Texts are read as a TextVectorization with `standardize`, `split`
    and `length` does. `as_trained` imports a model that reads padding as if it were text, up to
    the length; others were trained on packed sequences.

    Compared is with PyTorch's formulas in plain NumPy, as `import_keras` does, which see for
    `labels` and `texts`.

    Raises `ArtifactError` for a file that is not whole, is a pickle, or is not understood, and
    `ArgumentError` for options that contradict it. Then `out` is as it was.
    """
    options = Options(
        *(labels, vocabulary, length, standardize, split, as_trained), pooling, merge, multilabel
    )
    return _import(read_torch, path, out, options, texts, overwrite)


def _card(spec: Spec) -> str:
    """The card of what was read, of whose facts a file may say anything."""
    try:
        return artifact.card(spec)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"the facts that it holds of its training are not as a training leaves them ({error!r})"
        ) from None


def _import(
    read_file: Callable[[str | os.PathLike[str], Options], ReadModel],
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    options: Options,
    texts: Sequence[str] | None,
    overwrite: bool,
) -> Imported:
    """Read, compare and save."""
    if options.length is not None and options.length < 1:
        raise ArgumentError(f"length must be a whole number from 1, got {options.length!r}")
    artifact.check_writable(out, overwrite=overwrite)
    with artifact.about(os.fsdecode(path)):
        read = read_file(path, options)
        model = Model(read.spec, read.tensors)
        sample = sample_of(texts, read.spec.vectorizer)
        theirs, known = read.answer(model.vectorizer.encode(sample).ids)
        if not known.any():
            raise ArgumentError("the texts to compare on have no token, and get no answer there")
        ours = model.predict_proba(sample)
        seen = compare(ours[known], theirs[known], "the file's layers in plain NumPy")
        card = _card(read.spec)
    artifact.save(out, read.spec, read.tensors, card, overwrite=overwrite)
    return Imported(seen, read.notes)
