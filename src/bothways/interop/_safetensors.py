"""A safetensors file from strangers: a header in JSON and bytes, of which nothing is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import safetensors
from numpy.typing import NDArray

from bothways.artifact import parse_json
from bothways.errors import ArtifactError
from bothways.interop._archive import open_regular

Floats = NDArray[np.float32]

_LARGEST = 16 * 2**30

# How a file begins that PyTorch itself wrote: a zip archive, or a pickle of before 1.6.
_PYTORCH = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class State(NamedTuple):
    """The tensors of a file by name, the strings of its metadata, and a sentence about each
    type of number that was converted."""

    tensors: dict[str, Floats]
    metadata: dict[str, str]
    notes: list[str]


def read_safetensors(path: str | os.PathLike[str]) -> State:
    """Read a file of float tensors, which become float32 and are finite.

    Raises `ArtifactError` for a file that is not whole, is a pickle or a zip archive, or holds a
    tensor of another type, NaN or infinity.
    """
    data = _bytes(path)
    try:
        entries = sorted(safetensors.deserialize(data), key=itemgetter(0))  # theirs is of chance
    except (safetensors.SafetensorError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ArtifactError(f"it is not a whole safetensors file ({reason})") from None
    header = parse_json(data[8 : 8 + int.from_bytes(data[:8], "little")])
    tensors: dict[str, Floats] = {}
    converted: dict[str, int] = {}
    for name, entry in entries:
        kind = str(entry["dtype"])
        if kind not in _CONVERT:
            raise ArtifactError(
                f"its tensor {_shown(name)} holds {kind}, expected {', '.join(_CONVERT)}"
            )
        with np.errstate(over="ignore"):  # what is not finite then is refused
            array = _CONVERT[kind](entry["data"]).reshape(entry["shape"])
        if not np.isfinite(array).all():
            raise ArtifactError(
                f"its tensor {_shown(name)} holds NaN or infinity, expected finite numbers"
            )
        tensors[name] = array
        if kind != "F32":
            converted[kind] = converted.get(kind, 0) + 1
    notes = [
        f"{count} tensors of {kind} were {_CHANGES[kind]} float32"
        for kind, count in sorted(converted.items())
    ]
    return State(tensors, header.get("__metadata__", {}), notes)


def _bytes(path: str | os.PathLike[str]) -> bytes:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        begin = file.read(9)
        # The length of a safetensors header, 8 bytes before its "{", may look like a pickle too.
        if begin.startswith(_PYTORCH) and begin[8:] != b"{":
            raise ArtifactError(
                "it is a pickle or a zip archive, which can run code when PyTorch opens it, and is "
                "not opened here; in PyTorch, safetensors.torch.save_file(model.state_dict(), "
                "'model.safetensors') writes what is"
            )
        if size > _LARGEST:
            raise ArtifactError(f"it has {size:,} bytes, expected at most {_LARGEST:,}")
        return begin + file.read(size)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:57] + "...")


def _bfloat16(data: bytes) -> Floats:
    """The upper halves of float32."""
    return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)


def _of(kind: str) -> Callable[[bytes], Any]:
    return lambda data: np.frombuffer(data, kind).astype(np.float32)


_CONVERT: dict[str, Callable[[bytes], Any]] = {
    "F32": _of("<f4"),
    "F16": _of("<f2"),
    "BF16": _bfloat16,
    "F64": _of("<f8"),
}
_CHANGES = {"F16": "converted exactly to", "BF16": "converted exactly to", "F64": "rounded to"}
