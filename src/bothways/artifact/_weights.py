"""`model.safetensors`: the tensors a spec asks for, as bytes and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from bothways.artifact._storage import layout, pack, unpack
from bothways.errors import ArtifactError

Shapes = Mapping[str, tuple[int, ...]]


def encode(tensors: Mapping[str, NDArray], shapes: Shapes, storage: str = "f32") -> bytes:
    """The bytes of `model.safetensors`. Raises `ArtifactError` if `tensors` do not fit."""
    _check(tensors, layout(shapes, "f32"))
    # safetensors writes the memory of an array as it lies, whatever its strides
    arrays = {k: np.ascontiguousarray(v) for k, v in pack(tensors, storage).items()}
    return safetensors.numpy.save(arrays)


def decode(data: bytes, shapes: Shapes, storage: str = "f32") -> dict[str, NDArray[np.float32]]:
    """The tensors, float32, writable, in memory of their own.

    Raises `ArtifactError` if the bytes are no safetensors or hold other tensors.
    """
    try:
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"it is not whole ({str(error)[:120]})") from None
    _check(arrays, layout(shapes, storage))
    with np.errstate(over="ignore"):  # what is not finite then is refused
        tensors = unpack(arrays, shapes)
    _check(tensors, layout(shapes, "f32"))
    return {name: np.require(tensors[name], requirements=["O", "W", "C"]) for name in shapes}


def largest(shapes: Shapes, storage: str = "f32") -> int:
    """More bytes than a file with tensors of these shapes can have."""
    arrays = layout(shapes, storage).values()
    sizes = (np.dtype(kind).itemsize * int(np.prod(shape, dtype=object)) for shape, kind in arrays)
    return sum(sizes) + 65_536


def _check(arrays: Mapping[str, NDArray], expected: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse missing, extra, misshapen or non-finite arrays. Raises `ArtifactError`."""
    for name in arrays:
        if name not in expected:
            raise ArtifactError(
                f"the tensor {str(name)[:60]} is unknown, expected {', '.join(expected)}"
            )
    # In the order of the spec: safetensors hands tensors over in an order of chance.
    for name, (shape, kind) in expected.items():
        if name not in arrays:
            raise ArtifactError(f"the tensor {name} is missing")
        array = arrays[name]
        if not isinstance(array, np.ndarray) or array.dtype != kind:
            got = getattr(array, "dtype", type(array).__name__)
            article = "an int8" if kind is np.int8 else "a float32"
            raise ArtifactError(f"the tensor {name} is {got}, expected {article} array")
        if array.shape != shape:
            raise ArtifactError(f"the tensor {name} has shape {array.shape}, expected {shape}")
        if not np.isfinite(array).all():
            raise ArtifactError(f"the tensor {name} holds NaN or infinity, expected finite numbers")
