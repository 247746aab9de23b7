"""How a Keras model's texts become ids: its TextVectorization, or a vocabulary beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from bothways.artifact import VectorizerSpec, parse_json
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop._archive import Archive, open_regular
from bothways.interop._keras_graph import Node
from bothways.interop._read_model import Options

LARGEST = 64 * 2**20
"""Bytes of the largest vocabulary: about four million tokens."""

_SPECIAL = ("", "[UNK]")


def from_layer(node: Node, archive: Archive, length: int | None) -> VectorizerSpec:
    """The options and the vocabulary of a TextVectorization, and the length that texts are cut
    at and filled up to. Raises `ArtifactError`."""
    config: Mapping[str, Any] = node.config
    vocabulary = config.get("vocabulary")
    if vocabulary is None:
        name = node.weights.replace("layers/", "assets/layers/", 1) + "/vocabulary.txt"
        vocabulary = _lines(archive.read(name, LARGEST))
    elif not isinstance(vocabulary, list):
        raise ArtifactError(f"the vocabulary of its layer {node.name!r} is no list of tokens")
    tokens = _with_special(vocabulary)
    size = config.get("vocabulary_size")
    if size is not None and size != len(tokens):
        raise ArtifactError(
            f"its layer {node.name!r} has vocabulary_size={size!r}, and its vocabulary has "
            f"{len(tokens)} tokens"
        )
    return VectorizerSpec(
        max_tokens=config.get("max_tokens"),
        standardize=config.get("standardize", "lower_and_strip_punctuation"),
        split=config.get("split", "whitespace"),
        output_sequence_length=length,
        unicode=False,
        vocabulary=tokens,
    )


def from_file(
    path: str | os.PathLike[str], *, length: int | None, standardize: str | None, split: str
) -> VectorizerSpec:
    """A TextVectorization with the vocabulary of a file: a token a line, in the order of ids.

    The file may begin with the tokens of padding and of unknown words, as `get_vocabulary()`
    does, or with id 2. Raises `ArtifactError`.
    """
    return VectorizerSpec(
        max_tokens=None,
        standardize=standardize,
        split=split,
        output_sequence_length=length,
        unicode=False,
        vocabulary=_with_special(read_lines(path)),
    )


def from_json(path: str | os.PathLike[str]) -> VectorizerSpec:
    """The vectorizer of a JSON file that `export` wrote beside a model. Raises `ArtifactError`."""
    document = parse_json(_read(path))
    how, vocabulary = document.get("vectorizer"), document.get("vocabulary")
    names = {"standardize", "split", "unicode", "longest", "kept_of_longer"}
    if not isinstance(how, dict) or set(how) != names or not isinstance(vocabulary, list):
        raise ArtifactError("it has no vectorizer and vocabulary, as export writes them")
    return VectorizerSpec(
        max_tokens=None,
        standardize=how["standardize"],
        split=how["split"],
        output_sequence_length=how["longest"],
        unicode=how["unicode"],
        vocabulary=tuple(vocabulary),
        truncate=how["kept_of_longer"],
    )


def described(path: str, options: Options) -> VectorizerSpec | None:
    """The vectorizer of the description that `export` writes; None for a file of tokens.

    Raises `ArtifactError`, and `ArgumentError` for an option that it says itself.
    """
    if not path.endswith(".json"):
        return None
    own = Options(length=options.length, standardize=options.standardize, split=options.split)
    if own != Options():
        raise ArgumentError(
            f"{path} says how texts are read; length, standardize and split are for a file of "
            "tokens"
        )
    return from_json(path)


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """The tokens of a file, one a line. Raises `ArtifactError`."""
    return _lines(_read(path))


def _read(path: str | os.PathLike[str]) -> bytes:
    with open_regular(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ArtifactError(f"it has more than {LARGEST:,} bytes")
    return data


def _lines(data: bytes) -> list[str]:
    """The tokens: lines end at line feeds alone, as a token may hold what else breaks a line."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"its vocabulary is not UTF-8 at byte {error.start}") from None
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _with_special(tokens: Sequence[Any]) -> tuple[Any, ...]:
    """The tokens of all ids, padding and unknown first. `VectorizerSpec` checks them."""
    given = tuple(tokens)
    return given if given[:2] == _SPECIAL else (*_SPECIAL, *given)
