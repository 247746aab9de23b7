"""The state of a run as bytes: nested dictionaries of arrays and of what JSON holds.

    bothways run 1
    <sha256 of all that follows, 64 hex digits>
    <length of the JSON, 16 hex digits>
    <JSON><arrays as safetensors, named by their path: learner/weights/dense.bias>

No byte can change without being noticed, and nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from bothways.artifact import parse_json
from bothways.errors import ArtifactError

State = dict[str, Any]

_HEAD = b"bothways run 1\n"
_DIGEST = len(_HEAD) + 65
_LENGTH = _DIGEST + 17


def encode_state(state: Mapping[str, Any]) -> bytes:
    """The bytes. A key is a string without `/`."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_plain(state, "", arrays), allow_nan=False).encode()
    # safetensors writes the memory of an array as it lies, whatever its strides
    tensors = safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in arrays.items()})
    body = b"".join([b"%016x\n" % len(text), text, tensors])
    return b"".join([_HEAD, sha256(body).hexdigest().encode(), b"\n", body])


def decode_state(data: bytes) -> State:
    """The inverse. Raises `ArtifactError` for other bytes than `encode_state` made."""
    if not data.startswith(_HEAD[:-2]):
        raise ArtifactError("it is not the state of a run")
    if not data.startswith(_HEAD):
        raise ArtifactError("it was written by a newer version; upgrade bothways")
    if data[len(_HEAD) : _DIGEST] != sha256(data[_DIGEST:]).hexdigest().encode() + b"\n":
        raise ArtifactError("its bytes do not match its checksum: it was cut or damaged")
    end = _LENGTH + int(data[_DIGEST:_LENGTH], 16)
    state = parse_json(data[_LENGTH:end])
    try:
        arrays = safetensors.numpy.load(data[end:])
    except safetensors.SafetensorError as error:
        raise ArtifactError(f"its arrays are not whole ({str(error)[:120]})") from None
    for path, array in arrays.items():
        *parents, name = path.split("/")
        place = state
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = array
    return state


def generator_state(rng: np.random.Generator) -> State:
    """Where a random generator stands; its integers, of 128 bits, as hexadecimal digits."""
    return _map_numbers(hex, int, rng.bit_generator.state)


def set_generator(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Let it go on from there. Raises `ArtifactError` for a state that is none of its own."""
    try:
        rng.bit_generator.state = _map_numbers(
            lambda text: int(text, 16) if text.startswith("0x") else text, str, state
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise ArtifactError("it holds no state of a random generator") from None


def _plain(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` without its arrays, which are collected."""
    if not isinstance(value, Mapping):
        return value
    plain = {}
    for name, item in value.items():
        if isinstance(item, np.ndarray):
            arrays[path + name] = item
        else:
            plain[name] = _plain(item, f"{path}{name}/", arrays)
    return plain


def _map_numbers(change: Any, kind: type, state: Any) -> Any:
    if isinstance(state, Mapping):
        return {name: _map_numbers(change, kind, value) for name, value in state.items()}
    return change(state) if isinstance(state, kind) else state
