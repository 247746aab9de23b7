"""From a state dict of PyTorch in a safetensors file to a spec and its tensors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.artifact import NetworkSpec, Spec, VectorizerSpec, about, spec_of
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop._compare import both_labels
from bothways.interop._keras_text import described, read_lines
from bothways.interop._padded import in_batches
from bothways.interop._read_model import Answers, Options, ReadModel, label_names
from bothways.interop._safetensors import read_safetensors
from bothways.interop._torch import SPEC
from bothways.interop._torch_find import Found, find
from bothways.interop._torch_plain import scores, sigmoid, softmax
from bothways.interop._torch_state import state_shapes, tensors_of
from bothways.interop._torch_words import words_of
from bothways.runtime import as_read

Floats = NDArray[np.float32]


def read_torch(path: str | os.PathLike[str], options: Options) -> ReadModel:
    """Read a safetensors file with one `nn.Embedding`, one `nn.LSTM` and one `nn.Linear`, or one
    that `export --to torch` wrote.

    Raises `ArtifactError` for a file that is not whole or not understood, and `ArgumentError` for
    an option that contradicts it.
    """
    file = read_safetensors(path)
    if SPEC in file.metadata:
        spec, state, notes = _ours(file.tensors, file.metadata[SPEC], options)
    else:
        spec, state, notes = _theirs(file.tensors, os.path.basename(path), options)
    check_shapes(spec, state)

    def answer(ids: Ragged) -> Answers:
        wide = {name: array.astype(np.float64) for name, array in state.items()}
        rows = [scores(spec.network, wide, *part) for part in in_batches(as_read(ids, spec))]
        answers = np.concatenate(rows) / spec.temperature
        soft = spec.network.outputs > 1 and not spec.network.multilabel
        each = softmax(answers) if soft else sigmoid(answers)
        return both_labels(each), np.ones(len(each), bool)

    return ReadModel(spec, tensors_of(spec.network, state), answer, [*file.notes, *notes])


def check_shapes(spec: Spec, state: Mapping[str, NDArray[Any]]) -> None:
    """Refuse a state that is not that of the network. Raises `ArtifactError`."""
    shapes = state_shapes(spec.network, len(spec.vectorizer.vocabulary))
    for name, shape in shapes.items():
        if name not in state:
            raise ArtifactError(f"the tensor {name} is missing")
        if state[name].shape != shape:
            raise ArtifactError(
                f"the tensor {name} has shape {state[name].shape}, expected {shape}"
            )
    for name in state:
        if name not in shapes:
            raise ArtifactError(f"the tensor {name[:60]!r} is unknown")


def _ours(
    tensors: dict[str, Floats], document: str, options: Options
) -> tuple[Spec, dict[str, Floats], list[str]]:
    """What `export --to torch` wrote says everything itself."""
    if options != Options():
        given = [k for k, v in options._asdict().items() if v != Options._field_defaults[k]]
        raise ArgumentError(
            f"Bothways wrote this file and its metadata say everything; {given[0]} is for state "
            "dicts of others"
        )
    try:
        spec = spec_of(document.encode())
    except ArtifactError as error:
        raise ArtifactError(f"its metadata {SPEC!r}: {error}") from None
    # As float32 the numbers are in the file, and packed into 8 bits again they would change.
    return replace(spec, storage="f32"), tensors, []


def _theirs(
    tensors: dict[str, Floats], source: str, options: Options
) -> tuple[Spec, dict[str, Floats], list[str]]:
    """The rest is taken from the options."""
    if options.vocabulary is None:
        raise ArtifactError(
            "it says nothing of the words; give the tokens of its ids, one a line, with "
            "--vocabulary FILE"
        )
    if options.pooling is None:
        raise ArtifactError(
            "it does not say what the last layer reads; give it with --pooling: last (h_n), mean "
            "or max of a text's steps"
        )
    path = os.fsdecode(options.vocabulary)
    with about(path):
        lines, vectorizer = _described(path, options)
    found = find(tensors, (len(lines), len(lines) + 2))
    with about(path):
        words = words_of(lines, found.state["embedding.weight"])
        vectorizer = replace(vectorizer, vocabulary=words.vocabulary)
        if options.as_trained and words.padding is None:
            raise ArtifactError(
                "has no line for padding, [PAD], <pad> or an empty one, which a model without a "
                "mask reads"
            )
    if options.as_trained and vectorizer.output_sequence_length is None:
        raise ArtifactError(
            "how long its texts were filled up, which its answers depend on then, is not in it; "
            "give it with --length"
        )
    state = {**found.state, "embedding.weight": words.table}
    network = _network(found, options)
    spec = Spec(
        task="multilabel" if options.multilabel else "classification",
        labels=label_names(options.labels, network.outputs),
        vectorizer=vectorizer,
        network=network,
        training={"imported": {"program": "PyTorch", "source": source}},
    )
    return spec, state, [words.note, *_notes(spec)]


def _described(path: str, options: Options) -> tuple[list[str], VectorizerSpec]:
    """The tokens of a file and how texts are read, from a file of tokens or the description that
    `export` writes."""
    vectorizer = described(path, options)
    if vectorizer is not None:
        return list(vectorizer.vocabulary), vectorizer
    return read_lines(path), VectorizerSpec(
        max_tokens=None,
        standardize=options.standardize,
        split=options.split,
        output_sequence_length=options.length,
        unicode=False,
        vocabulary=("", "[UNK]"),
    )


def _network(found: Found, options: Options) -> NetworkSpec:
    outputs, reads = found.state["dense.weight"].shape
    merge, hidden = options.merge, found.hidden_size
    if found.bidirectional and reads == hidden and merge in (None, "concat"):
        raise ArtifactError(
            f"its nn.Linear reads {reads} numbers and each direction of its nn.LSTM gives as many; "
            "how the two are joined is not in it: give it with --merge sum, ave or mul"
        )
    if merge is not None and (not found.bidirectional or (merge == "concat") != (reads != hidden)):
        raise ArgumentError(
            f"--merge {merge} contradicts its nn.Linear, which reads {reads} numbers of {hidden} "
            f"in {'each' if found.bidirectional else 'the one'} direction"
        )
    return NetworkSpec(
        embedding_dim=found.state["embedding.weight"].shape[1],
        hidden_size=found.hidden_size,
        bidirectional=found.bidirectional,
        merge=merge or "concat",
        pooling=str(options.pooling),
        outputs=outputs,
        mask=not options.as_trained,
        layers=found.layers,
        multilabel=options.multilabel,
    )


def _notes(spec: Spec) -> list[str]:
    """What a state dict leaves open, and was assumed."""
    n, v = spec.network, spec.vectorizer
    notes = []
    if n.mask:
        notes.append(
            "padding is never read, as of packed sequences; a model that was trained on padded "
            "ones reads it, and is imported with --as-trained and --length"
        )
    else:
        notes.append(
            f"the model has no mask: texts are filled up to {v.output_sequence_length} tokens with "
            "padding that it reads as text"
        )
    if n.pooling == "last" and n.bidirectional:
        notes.append(
            "the last states are h_n of both directions; output[:, -1] of a bidirectional nn.LSTM "
            "holds the backward state after one step, and is not the same"
        )
    return notes
