"""The processes that train one model together, as the rest of the room sees them."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError, RanksError, require
from bothways.training._launch import launch
from bothways.training._run import OF_DATA, differences
from bothways.training._state import State, decode_state, encode_state

Floats = NDArray[np.float32]


class Ranks(ABC):
    """This process is number `rank` of `size`; all call the same methods in the same order. A
    launcher has started them again `restarts` times.

    Each method raises `RanksError` if another process is gone.
    """

    rank: int
    size: int
    restarts: int = 0

    @abstractmethod
    def add(self, x: Any) -> None:
        """Replace `x (n,)` float32, an array or a tensor, by its sum over all ranks, which has the
        same bits on all of them."""

    @abstractmethod
    def gather(self, x: Floats) -> Floats:
        """The arrays of all ranks, all of one shape `(n,)`: `(size, n)`."""

    @abstractmethod
    def tell(self, data: bytes) -> list[bytes]:
        """The bytes of all ranks, of any lengths."""

    @abstractmethod
    def follow(self, data: bytes | None) -> bytes:
        """The bytes of rank 0."""


@contextmanager
def join_ranks(device: str = "cpu") -> Iterator[Ranks | None]:
    """The processes that a launcher such as torchrun started together with this one; None if
    there is no other one.

    What goes wrong within the context in one of them ends the others with a sentence about it.
    Gradients are exchanged by gloo, those on the `device` `"cuda"` by nccl.

    Raises `ArgumentError` for variables that make no sense or a GPU too few, `MissingExtraError`
    without torch, and `RanksError` if the others are not there in time.
    """
    place = launch()
    if place is None or place.size == 1:
        yield None
        return
    # torch would tell of every attempt to connect; what comes of them is one sentence.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    require("torch", extra="torch", purpose="training in several processes")
    from bothways.training._distributed import connected

    with connected(place, device) as ranks:
        yield ranks


def check_agreement(ranks: Ranks, key: Mapping[str, Any], batch_size: int) -> None:
    """Raise `RanksError` unless all ranks have the same `key`: data, options and program; and
    `ArgumentError` if the batches have fewer texts than there are ranks."""
    keys = [json.loads(data) for data in ranks.tell(json.dumps(key, default=str).encode())]
    for rank, other in enumerate(keys):
        for name, first, own in differences(other, keys[0])[:1]:
            if name in OF_DATA:
                raise RanksError(
                    f"rank {rank} has other data than rank 0: its texts, labels or weights differ"
                )
            raise RanksError(f"rank {rank} has {name} {own!r}, and rank 0 has {first!r}")
    if ranks.size > batch_size:
        raise ArgumentError(
            f"a batch of {batch_size} texts is shared by at most as many processes, got "
            f"{ranks.size}; batch_size, in a preset file, is that of all together"
        )


def share_state(ranks: Ranks, state: State | None) -> State | None:
    """The state that rank 0 goes on from, or None."""
    data = b"" if state is None else encode_state(state)
    data = ranks.follow(data if ranks.rank == 0 else None)
    return decode_state(data) if data else None
