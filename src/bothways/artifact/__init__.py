"""The model folder: what a model is (`Spec`), and its safe way to disk and back.

    MODEL/spec.json           every fact needed to rebuild the model, and the checksums
    MODEL/model.safetensors   the weights, float32 or in 8 bits
    MODEL/README.md           the card, for people

Nothing in it is ever executed or unpickled.
"""

from __future__ import annotations

from bothways.artifact._atomic import claim
from bothways.artifact._card import calibration, card, coverage
from bothways.artifact._document import spec_json, spec_of
from bothways.artifact._file import TEMPORARY, check_replaceable, new_file, replace_file
from bothways.artifact._front_matter import score
from bothways.artifact._json import parse as parse_json
from bothways.artifact._load import load, load_with_fingerprint
from bothways.artifact._network import FARTHEST, LayerSpec, NetworkSpec, layer_names
from bothways.artifact._open import CARD, SPEC, WEIGHTS, about, file_names
from bothways.artifact._respec import respec
from bothways.artifact._spec import FORMAT_VERSION, Spec, VectorizerSpec
from bothways.artifact._storage import TABLE, rounded
from bothways.artifact._store import check_writable, encode, save

__all__ = [
    "CARD",
    "FARTHEST",
    "FORMAT_VERSION",
    "SPEC",
    "TABLE",
    "TEMPORARY",
    "WEIGHTS",
    "LayerSpec",
    "NetworkSpec",
    "Spec",
    "VectorizerSpec",
    "about",
    "calibration",
    "card",
    "check_replaceable",
    "check_writable",
    "claim",
    "coverage",
    "encode",
    "file_names",
    "layer_names",
    "load",
    "load_with_fingerprint",
    "new_file",
    "parse_json",
    "replace_file",
    "respec",
    "rounded",
    "save",
    "score",
    "spec_json",
    "spec_of",
]
