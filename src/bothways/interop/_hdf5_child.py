"""A program of its own: HDF5 on stdin, the arrays of its group `layers` as safetensors on stdout.

The HDF5 library was seen to run for ever on damaged files, so it runs here, within limits of time
and memory that end this process and no other. Exit code 3: stdout is a sentence that says why not.
It imports nothing of Bothways, which would take longer than the reading.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Any

_MOST_ARRAYS = 10_000
_DEEPEST = 10


class Refused(Exception):
    """The file is not what is read here."""


def arrays_of(data: bytes) -> dict[str, Any]:
    """The arrays below `layers` by their paths, in the types that they have.

    Raises `Refused` for what is not a plain array of floats within the file: no more bytes are
    taken than it has, and nothing is read from elsewhere. h5py raises nearly every other kind.
    """
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        arrays: dict[str, Any] = {}
        left = len(data)
        waiting = [("layers", 0)]
        while waiting:
            path, depth = waiting.pop()
            found = _member(h5py, file, path)
            if isinstance(found, h5py.Group):
                if depth == _DEEPEST:
                    raise Refused(f"its weights {path} are nested too deep")
                waiting += [(f"{path}/{name}", depth + 1) for name in found]
            elif isinstance(found, h5py.Dataset):
                _check(h5py, path, found)
                left -= found.id.get_storage_size()
                if left < 0 or len(arrays) == _MOST_ARRAYS:
                    raise Refused("its weights are more than the file has bytes")
                arrays[path] = found[()]
            else:
                raise Refused(f"its weights {path} are no array")
        return arrays


def _member(h5py: Any, file: Any, path: str) -> Any:
    parent, _, name = path.rpartition("/")
    link = (file[parent] if parent else file).get(name, getlink=True)
    if link is None:
        raise Refused(f"it has no weights {path}")
    if not isinstance(link, h5py.HardLink):
        raise Refused(f"its weights {path} are a link, expected to be in the file")
    return file[path]


def _check(h5py: Any, path: str, dataset: Any) -> None:
    kind = dataset.dtype
    if kind.kind != "f" or kind.itemsize not in (2, 4, 8):
        raise Refused(f"its weights {path} are {kind}, expected floats")
    properties = dataset.id.get_create_plist()
    if (
        properties.get_nfilters()
        or properties.get_external_count()
        or properties.get_layout() not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
        or dataset.id.get_storage_size() != dataset.size * kind.itemsize
    ):
        raise Refused(f"its weights {path} are compressed or elsewhere, expected plain numbers")


def _main() -> None:
    import h5py  # noqa: F401  before memory is limited: libraries reserve more than they use
    import numpy as np
    import safetensors.numpy

    data = sys.stdin.buffer.read()
    seconds, memory = (int(limit) for limit in sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    try:
        arrays = arrays_of(data)
    except Refused as error:
        answer, code = str(error).encode(errors="replace"), 3
    except Exception as error:
        reason = " ".join(str(error).strip("'\"").split())[:120] or type(error).__name__
        answer, code = f"its weights cannot be read ({reason})".encode(errors="replace"), 3
    else:
        native = {k: np.ascontiguousarray(v, v.dtype.newbyteorder("=")) for k, v in arrays.items()}
        answer, code = safetensors.numpy.save(native), 0
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    sys.exit(code)


if __name__ == "__main__":
    _main()
