"""How the numbers of a model lie in its file: as they are, or in 8 bits.

With `"int8"` a tensor with two or more axes is stored as `q`, int8 from -127 to 127, beside
`<name>.scale`, float32, and stands for `q * scale`. A scale belongs to a word's row of the
embedding, and to a column of every other tensor: the numbers that enter one sum. Tensors with
one axis stay float32. Whoever loads a model gets float32 and computes as with any other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

TABLE = "embedding.weight"
"""The name of the embedding, `(V, I)`."""

STORAGES = ("f32", "int8")

Shape = tuple[int, ...]


def layout(shapes: Mapping[str, Shape], storage: str) -> dict[str, tuple[Shape, type]]:
    """The shape and type of each array in the file, for tensors of `shapes`."""
    arrays: dict[str, tuple[Shape, type]] = {}
    for name, shape in shapes.items():
        axis = _shared_axis(name, shape, storage)
        if axis is None:
            arrays[name] = shape, np.float32
            continue
        scales = list(shape)
        scales[axis] = 1
        arrays[name] = shape, np.int8
        arrays[f"{name}.scale"] = tuple(scales), np.float32
    return arrays


def pack(tensors: Mapping[str, NDArray], storage: str) -> dict[str, NDArray]:
    """Float32 tensors as the arrays of the file. The largest number that shares a scale
    becomes 127 or -127, and none is further off than half its scale."""
    arrays: dict[str, NDArray] = {}
    for name, tensor in tensors.items():
        axis = _shared_axis(name, tensor.shape, storage)
        if axis is None:
            arrays[name] = tensor
            continue
        scale = np.abs(tensor).max(axis, keepdims=True, initial=0) / np.float32(127)
        # Where all are zero, or too small to be divided by 127, they are stored as zero.
        q = np.divide(tensor, scale, out=np.zeros_like(tensor), where=scale > 0)
        arrays[name] = np.clip(np.rint(q), -127, 127).astype(np.int8)
        arrays[f"{name}.scale"] = scale
    return arrays


def unpack(arrays: Mapping[str, NDArray], shapes: Mapping[str, Shape]) -> dict[str, NDArray]:
    """The float32 tensors of `shapes` from the arrays of a file, `q * scale` where in 8 bits."""
    return {
        name: arrays[name] * arrays[f"{name}.scale"] if f"{name}.scale" in arrays else arrays[name]
        for name in shapes
    }


def rounded(tensors: Mapping[str, NDArray], storage: str) -> dict[str, NDArray]:
    """The float32 tensors that come back from a file in which `tensors` are stored."""
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return unpack(pack(tensors, storage), shapes)


def _shared_axis(name: str, shape: Shape, storage: str) -> int | None:
    """The axis along which numbers share a scale; None where each is stored as it is."""
    if storage == "f32" or len(shape) < 2:
        return None
    return -1 if name == TABLE else -2
