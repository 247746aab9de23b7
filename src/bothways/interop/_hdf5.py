"""Arrays of an HDF5 file from strangers, read by a process that may be stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from bothways.errors import ArtifactError, require

Floats = NDArray[np.float32]

_CHILD = Path(__file__).with_name("_hdf5_child.py")
# What a file may take: reading a gigabyte takes seconds and three times its memory.
_SECONDS, _BYTES_A_SECOND = 20, 20 * 2**20
_MEMORY = 2**30


class Arrays:
    """The arrays of a file by their paths, of any float type."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def take(self, path: str, *shapes: tuple[int, ...]) -> list[Floats]:
        """The arrays `0`, `1`, ... below `path`, where there are as many as there are shapes.

        They are float32 and finite. Raises `ArtifactError` naming the one that is not.
        """
        there = sum(name.startswith(f"{path}/") for name in self._arrays)
        if there != len(shapes):
            raise ArtifactError(f"its weights {path} hold {there} arrays, expected {len(shapes)}")
        return [self._array(f"{path}/{n}", shape) for n, shape in enumerate(shapes)]

    def _array(self, path: str, shape: tuple[int, ...]) -> Floats:
        array = self._arrays.get(path)
        if array is None:
            raise ArtifactError(f"its weights {path} are missing")
        if array.shape != shape:
            raise ArtifactError(f"its weights {path} have shape {array.shape}, expected {shape}")
        with np.errstate(over="ignore"):  # what is not finite then is refused
            values = array.astype(np.float32)
        if not np.isfinite(values).all():
            raise ArtifactError(f"its weights {path} hold NaN or infinity, expected finite numbers")
        return values


def read_arrays(data: bytes) -> Arrays:
    """The arrays of the group `layers` of an HDF5 file whose bytes are `data`.

    Raises `ArtifactError` if it is none, is damaged, or takes too long; `MissingExtraError`.
    """
    require("h5py", extra="h5", purpose="reading a Keras file")
    seconds = _SECONDS + len(data) // _BYTES_A_SECOND
    limits = (str(seconds), str(_MEMORY + 8 * len(data)))
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_CHILD), *limits],
            input=data,
            capture_output=True,
            timeout=5 * seconds,
        )
    except subprocess.TimeoutExpired:
        raise ArtifactError("its weights could not be read in time: the file is damaged") from None
    if done.returncode == 3:
        raise ArtifactError(done.stdout.decode(errors="replace"))
    if done.returncode:
        raise ArtifactError(
            f"its weights could not be read: the HDF5 library ended with {done.returncode}, so the "
            "file is damaged"
        )
    return Arrays(safetensors.numpy.load(done.stdout))
