"""`spec.json`: a `Spec` and the folder's checksums, as bytes and back.

    {"sha256": "<64 hex digits>",
     "format_version": 1,
     ...
     "weights": {"bytes": ..., "sha256": "..."},
     "extras": ["history.jsonl"]}

The digest on the first line is that of every byte after its own last digit, and what stands
before it is fixed: no byte of the file can change without being noticed. The first line and
`format_version` keep their meaning in every later version. A file states every field of its
version: defaults are for callers, and none can change under a model that is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from bothways.artifact import _check as check
from bothways.artifact._json import parse
from bothways.artifact._network import NetworkSpec
from bothways.artifact._spec import FORMAT_VERSION, Spec, VectorizerSpec, added_after
from bothways.errors import ArtifactError

LARGEST = 64 * 2**20
"""Bytes of the largest `spec.json`: about four million tokens."""

_HEAD = b'{"sha256": "'
_BODY = len(_HEAD) + 64

T = TypeVar("T")


@dataclass(frozen=True)
class Weights:
    """The size in bytes and the SHA-256 of `model.safetensors`."""

    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        check.whole("weights.bytes", self.bytes, 0, 2**63 - 1)
        check.string("weights.sha256", self.sha256)


class Document(NamedTuple):
    """What a `spec.json` says: the spec, the weights' checksum, the names of extra files, and
    the `digest` on its first line, which changes with any byte of the spec or the weights."""

    spec: Spec
    weights: Weights
    extras: tuple[str, ...]
    digest: str


def encode(spec: Spec, weights: bytes, extras: tuple[str, ...]) -> bytes:
    """The bytes of `spec.json`. Raises `ArtifactError` if they are more than `LARGEST`."""
    document = {"format_version": spec.format_version, **asdict(spec)}
    for part, absent in added_after(spec.format_version).items():
        holder = document[part] if part else document
        for name in absent:
            del holder[name]
    document["weights"] = asdict(Weights(len(weights), sha256(weights).hexdigest()))
    document["extras"] = list(extras)
    # The longest parts last, so that a person who opens the file sees the others first.
    for key in ("labels", "vectorizer"):
        document[key] = document.pop(key)
    # A small model saves a twentieth of its bytes without a line for each word.
    layout: dict[str, Any] = {"indent": 1} if spec.storage == "f32" else {"separators": (",", ":")}
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, **layout)
    body = b'",' + text.removeprefix("{").encode() + b"\n"
    data = _HEAD + sha256(body).hexdigest().encode() + body
    if len(data) > LARGEST:
        raise ArtifactError(
            f"the spec takes {len(data):,} bytes, expected at most {LARGEST:,}; "
            "give the vectorizer a smaller max_tokens"
        )
    return data


def decode(data: bytes) -> Document:
    """The inverse of `encode`.

    Raises `ArtifactError` if the bytes are not exactly what `encode` made, or are of a newer
    format.
    """
    document = parse(data)
    version = document.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"the model has format version {version}, this program reads up to "
            f"{FORMAT_VERSION}; upgrade it: pip install --upgrade bothways"
        )
    written = sha256(data[_BODY:]).hexdigest().encode()
    if data[:_BODY] != _HEAD + written:
        raise ArtifactError("its bytes do not match its checksum: it was damaged or edited")
    digest = document.pop("sha256")
    check.whole("format_version", version, 1, FORMAT_VERSION)
    assert isinstance(version, int)
    del document["format_version"]
    weights = _build(Weights, document.pop("weights", None), "weights")
    extras = check.strings("extras", document.pop("extras", None))
    absent = added_after(version)
    for key, kind in (("vectorizer", VectorizerSpec), ("network", NetworkSpec)):
        document[key] = _build(kind, document.get(key), key, absent.get(key))
    return Document(_build(Spec, document, "", absent.get("")), weights, extras, digest)


def spec_json(spec: Spec) -> bytes:
    """A spec alone, for a file of another form: the document of a folder without weights."""
    return encode(spec, b"", ())


def spec_of(data: bytes) -> Spec:
    """The inverse of `spec_json`. Raises `ArtifactError`."""
    return decode(data).spec


def _build(kind: type[T], values: Any, key: str, absent: Mapping[str, Any] | None = None) -> T:
    """A dataclass from an object that has exactly its fields, but for the `absent` ones."""
    where = f"{key}." if key else ""
    if not isinstance(values, dict):
        check.refuse(key, values, "an object")
    absent = absent or {}
    names = [item.name for item in fields(kind) if item.name not in absent]  # type: ignore[arg-type]
    for name in values:
        if name not in names:
            raise ArtifactError(f"{where}{name} is unknown, expected {', '.join(names)}")
    for name in names:
        if name not in values:
            raise ArtifactError(f"{where}{name} is missing")
    return kind(**values, **absent)
