"""From a `.keras` file to a spec and its tensors; nothing of the file is executed or unpacked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from bothways import Ragged
from bothways.artifact import (
    LayerSpec,
    NetworkSpec,
    Spec,
    VectorizerSpec,
    about,
    parse_json,
)
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop._archive import Archive, open_regular
from bothways.interop._compare import both_labels
from bothways.interop._hdf5 import read_arrays
from bothways.interop._keras_graph import parse_graph
from bothways.interop._keras_layers import Parts, find_parts
from bothways.interop._keras_plain import ACTIVATIONS, PlainKeras
from bothways.interop._keras_scores import activation_of
from bothways.interop._keras_text import described, from_file, from_layer
from bothways.interop._keras_weights import tensors_of
from bothways.interop._read_model import Answers, Options, ReadModel, label_names

# Of the parts of an archive that are text. Weights are bounded by the size of the archive.
_LARGEST_TEXT = 16 * 2**20
_HDF5 = b"\x89HDF"


def read_keras(path: str | os.PathLike[str], options: Options) -> ReadModel:
    """Read a `.keras` file of Keras 3.

    Raises `ArtifactError` for a file that is not whole or not understood, `ArgumentError` for an
    option that contradicts it, and `MissingExtraError` without h5py.
    """
    with open_regular(path) as file:
        if file.read(4) == _HDF5:
            raise ArtifactError(
                "it is an HDF5 file, of an older Keras or of weights alone, expected a .keras "
                "file: open it in Keras 3 and save the whole model as one"
            )
    with Archive(path) as archive:
        version = _version(parse_json(archive.read("metadata.json", _LARGEST_TEXT)))
        document = parse_json(archive.read("config.json", _LARGEST_TEXT))
        graph = parse_graph(document)
        parts = find_parts(graph)
        vectorizer = _vectorizer(parts, archive, options)
        weights = archive.read("model.weights.h5", 2**20 + 20 * archive.size)
    activation, notes = activation_of(parts, document.get("compile_config"))
    network = _network(parts, vectorizer, activation, options)
    arrays, name = read_arrays(weights), os.path.basename(os.fsdecode(path))
    plain = PlainKeras(graph, arrays)
    tensors = tensors_of(parts, len(vectorizer.vocabulary), arrays)
    spec = Spec(
        task="multilabel" if network.multilabel else "classification",
        labels=label_names(options.labels, parts.units),
        vectorizer=vectorizer,
        network=network,
        training={"imported": {"program": f"Keras {version}", "source": name}},
    )
    length = vectorizer.output_sequence_length

    def answer(ids: Ragged) -> Answers:
        answers = plain.answer(ids, length)
        if parts.activation == "linear":
            answers = ACTIVATIONS[activation](answers)
        known = (ids.lengths > 0) | (network.pooling != "mean") | bool(parts.padding)
        return both_labels(answers), known | ~np.isnan(answers).any(axis=1)

    return ReadModel(spec, tensors, answer, notes + _notes(parts, vectorizer, network))


def _version(metadata: Mapping[str, Any]) -> str:
    version = metadata.get("keras_version")
    if not isinstance(version, str) or not version.startswith("3."):
        raise ArtifactError(
            f"it was written by Keras {str(version)[:20]}, expected version 3: open it in Keras 3 "
            "and save it again"
        )
    return version[:20]


def _vectorizer(parts: Parts, archive: Archive, options: Options) -> VectorizerSpec:
    """How texts become the ids that the model reads. Raises `ArtifactError`, `ArgumentError`."""
    others = options._replace(vocabulary=None, labels=None, as_trained=False)
    if parts.vectorizer is not None:
        free = others._replace(length=None) if parts.length is None else others
        if free != Options() or options.vocabulary is not None:
            raise ArgumentError(
                "the model has a TextVectorization of its own; vocabulary, standardize, split and "
                "a length that it states are for models without one"
            )
        vectorizer = from_layer(parts.vectorizer, archive, parts.length or options.length)
    elif options.vocabulary is None:
        raise ArtifactError(
            "the model has no TextVectorization; give the tokens of its ids, one a line, with "
            "--vocabulary FILE"
        )
    else:
        vectorizer = _beside(os.fsdecode(options.vocabulary), parts.length, options)
    rows = parts.embedding.config["input_dim"]
    if rows < len(vectorizer.vocabulary):
        raise ArtifactError(
            f"its layer {parts.embedding.name!r} has {rows:,} rows, too few for a vocabulary of "
            f"{len(vectorizer.vocabulary):,} tokens"
        )
    return vectorizer


def _beside(path: str, fixed: int | None, options: Options) -> VectorizerSpec:
    """The vectorizer of a file of tokens, or of the description that `export` writes."""
    with about(path):
        vectorizer = described(path, options) or from_file(
            path,
            length=options.length or fixed,
            standardize=options.standardize,
            split=options.split,
        )
    length = vectorizer.output_sequence_length
    if fixed not in (None, length):
        raise ArgumentError(
            f"the model reads {fixed} ids of a text, and the length given is {length}"
        )
    return vectorizer


def _network(
    parts: Parts, vectorizer: VectorizerSpec, activation: str, options: Options
) -> NetworkSpec:
    length = vectorizer.output_sequence_length
    if not parts.masked:
        if not options.as_trained:
            raise ArtifactError(
                f"its layer {parts.embedding.name!r} has mask_zero=False, so the model reads the "
                "padding as if it were text and its answers depend on how much there is; "
                "--as-trained imports it as it is, filling every text up to "
                + (f"{length} tokens" if length else "--length tokens")
            )
        if length is None:
            raise ArtifactError(
                "the file does not say how long its texts were filled up, which its answers "
                "depend on; give it with --length"
            )
    elif options.as_trained:
        raise ArgumentError("the model has a mask; --as-trained is for models without one")
    if parts.zeros and length is None:
        raise ArtifactError(
            "the maximum is taken of the zeros behind a text too, so its answers depend on how "
            "long texts are filled up, which the file does not say; give it with --length"
        )
    *lower, last = (layer for _, layer in parts.layers)
    alike = LayerSpec(last.hidden_size, last.bidirectional, "concat")
    return NetworkSpec(
        embedding_dim=parts.embedding.config["output_dim"],
        hidden_size=last.hidden_size,
        bidirectional=last.bidirectional,
        merge=last.merge,
        pooling=parts.pooling,
        outputs=parts.units,
        mask=parts.masked,
        layers=len(parts.layers),
        multilabel=activation == "sigmoid" and parts.units > 1,
        lower_layers=() if all(layer == alike for layer in lower) else tuple(lower),
        zero_under=length or 0 if parts.zeros else 0,
    )


def _notes(parts: Parts, vectorizer: VectorizerSpec, network: NetworkSpec) -> list[str]:
    notes = []
    length, rows = vectorizer.output_sequence_length, parts.embedding.config["input_dim"]
    if rows > len(vectorizer.vocabulary):
        notes.append(
            f"of {rows:,} rows of the embedding {len(vectorizer.vocabulary):,} have a token; "
            "the others are dropped"
        )
    if not network.mask:
        notes.append(
            f"the model has no mask: texts are filled up to {length} tokens with padding that it "
            "reads as text, so that the same text filled up otherwise would be answered otherwise"
        )
    if network.zero_under:
        notes.append(
            "GlobalMaxPooling1D does not know the mask: the maximum of a text with fewer than "
            f"{length} tokens is taken of the zeros behind it too, as it was in training"
        )
    if network.pooling == "mean" and network.mask and parts.padding is None:
        notes.append("Keras answers NaN to a text without a token; here its features are zeros")
    return notes
