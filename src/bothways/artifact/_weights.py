"""`model.safetensors`: the tensors a spec asks for, as bytes and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from bothways.errors import ArtifactError

Shapes = Mapping[str, tuple[int, ...]]


def encode(tensors: Mapping[str, NDArray], shapes: Shapes) -> bytes:
    """The bytes of `model.safetensors`. Raises `ArtifactError` if `tensors` do not fit."""
    check_tensors(tensors, shapes)
    # safetensors writes the memory of an array as it lies, whatever its strides
    return safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in tensors.items()})


def decode(data: bytes, shapes: Shapes) -> dict[str, NDArray[np.float32]]:
    """The tensors, float32, writable, in memory of their own.

    Raises `ArtifactError` if the bytes are no safetensors or hold other tensors.
    """
    try:
        tensors = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"it is not whole ({str(error)[:120]})") from None
    check_tensors(tensors, shapes)
    return {name: np.require(tensors[name], requirements=["O", "W", "C"]) for name in shapes}


def largest(shapes: Shapes) -> int:
    """More bytes than a file with tensors of these shapes can have."""
    return 4 * sum(int(np.prod(shape, dtype=object)) for shape in shapes.values()) + 65_536


def check_tensors(tensors: Mapping[str, NDArray], shapes: Shapes) -> None:
    """Refuse missing, extra, misshapen or non-finite tensors. Raises `ArtifactError`."""
    for name in tensors:
        if name not in shapes:
            raise ArtifactError(
                f"the tensor {str(name)[:60]} is unknown, expected {', '.join(shapes)}"
            )
    # In the order of the spec: safetensors hands tensors over in an order of chance.
    for name in shapes:
        if name not in tensors:
            raise ArtifactError(f"the tensor {name} is missing")
        tensor = tensors[name]
        if not isinstance(tensor, np.ndarray) or tensor.dtype != np.float32:
            got = getattr(tensor, "dtype", type(tensor).__name__)
            raise ArtifactError(f"the tensor {name} is {got}, expected a float32 array")
        if tensor.shape != shapes[name]:
            raise ArtifactError(
                f"the tensor {name} has shape {tensor.shape}, expected {shapes[name]}"
            )
        if not np.isfinite(tensor).all():
            raise ArtifactError(f"the tensor {name} holds NaN or infinity, expected finite numbers")
