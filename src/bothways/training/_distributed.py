"""The exchange between ranks by torch.distributed: gloo on the CPU, nccl for what is on a GPU."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from bothways.errors import ArgumentError, BothwaysError, RanksError
from bothways.training._launch import Launch
from bothways.training._meeting import agree_on_start
from bothways.training._ranks import Ranks

Floats = NDArray[np.float32]

MEETING = 120.0
"""Seconds that a rank waits for all to be there: hosts do not start at the same moment."""

ANSWER = 600.0
"""Seconds that a rank waits for the others in a step. One that has ended is noticed at once, by its
closed connection; this is for one that hangs, or whose host is cut off."""

FAREWELL = 3.0
"""Seconds that rank 0 stays after a failure, so that the others can ask what it was."""

_STOPPED = "stopped"


@contextmanager
def connected(place: Launch, device: str, meeting: float = MEETING) -> Iterator[Ranks]:
    """See `bothways.training.join_ranks`."""
    if device == "cuda":
        _choose_gpu(place)
    store = _meet(place, device, timedelta(seconds=meeting))
    try:
        yield _Group(place)
    except BaseException as error:
        told = _told(error, store, place.rank)
        _leave(store, place)
        if told is error:
            raise
        raise told from error
    dist.destroy_process_group()


class _Group(Ranks):
    """All processes of the launch."""

    def __init__(self, place: Launch) -> None:
        self.rank, self.size = place.rank, place.size
        # Only the launcher of the host where a process failed counts that.
        self.restarts = max(int(n) for n in self.tell(str(place.restarts).encode()))

    def add(self, x: Any) -> None:
        # The parts of a ring are added up in one place each and sent on: all have the same bits.
        with _noticing():
            dist.all_reduce(x if isinstance(x, Tensor) else torch.from_numpy(x))

    def gather(self, x: Floats) -> Floats:
        return self._gather(torch.from_numpy(x)).numpy()

    def tell(self, data: bytes) -> list[bytes]:
        lengths = self._gather(torch.tensor([len(data)]))[:, 0].tolist()
        own = torch.zeros(max(lengths), dtype=torch.uint8)
        own[: len(data)] = _bytes(data)
        return [x[:n].numpy().tobytes() for x, n in zip(self._gather(own), lengths, strict=True)]

    def follow(self, data: bytes | None) -> bytes:
        length = torch.tensor([len(data or b"")])
        with _noticing():
            dist.broadcast(length, 0)
            x = torch.empty(int(length), dtype=torch.uint8) if data is None else _bytes(data)
            dist.broadcast(x, 0)
        return x.numpy().tobytes()

    def _gather(self, x: Tensor) -> Tensor:
        every = x.new_empty(self.size, *x.shape)
        with _noticing():
            dist.all_gather(list(every), x)
        return every


def _bytes(data: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(bytearray(data), np.uint8))


def _choose_gpu(place: Launch) -> None:
    """One GPU for each process of a host."""
    there = torch.cuda.device_count()
    if place.local_size > there:
        raise ArgumentError(
            f"device 'cuda' was asked for, and this host has {there} GPUs for the "
            f"{place.local_size} processes that were started on it: each needs one"
        )
    torch.cuda.set_device(place.local_rank)


def _meet(place: Launch, device: str, patience: timedelta) -> Any:
    """Find the other ranks; the store that all can read, which torch or its launcher keeps."""
    try:
        store, _, _ = next(iter(dist.rendezvous("env://", timeout=patience)))
        store.set_timeout(patience)
        start = agree_on_start(store, place.rank, place.size, patience.total_seconds())
        store = dist.PrefixStore(f"bothways/{start}", store)
        dist.init_process_group(
            "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl",
            store=store,
            rank=place.rank,
            world_size=place.size,
            timeout=timedelta(seconds=ANSWER),
        )
        dist.barrier()
    except (RanksError, RuntimeError, ValueError, OSError) as error:
        with suppress(RuntimeError, ValueError, AssertionError):
            dist.destroy_process_group()
        raise RanksError(
            f"rank {place.rank} of {place.size} did not find the others at {place.address} "
            f"(MASTER_ADDR and MASTER_PORT) within {patience.total_seconds():.0f} s: "
            f"{_first_line(error)}"
        ) from None
    return store


@contextmanager
def _noticing() -> Iterator[None]:
    """An exchange that fails means that another rank is not there."""
    try:
        yield
    except RuntimeError as error:
        raise RanksError(
            f"another process is gone, or does not answer: {_first_line(error)}"
        ) from None


def _told(error: BaseException, store: Any, rank: int) -> BaseException:
    """What this rank says of `error`: what stopped the first one is told to the others."""
    reason = None
    with suppress(RuntimeError):  # the store is gone where the process is that kept it
        if store.check([_STOPPED]):
            reason = store.get(_STOPPED).decode()
        elif not isinstance(error, (RanksError, KeyboardInterrupt)):
            what = "there is not enough memory" if isinstance(error, MemoryError) else str(error)
            store.set(_STOPPED, f"rank {rank} stopped: {what or type(error).__name__}")
    if reason and isinstance(error, (RanksError, KeyboardInterrupt)):
        error = RanksError(reason)
    if rank and isinstance(error, BothwaysError) and not str(error).startswith("rank "):
        return type(error)(f"rank {rank}: {error}")
    return error


def _leave(store: Any, place: Launch) -> None:
    """Close the connections, by which the others notice. Rank 0, which keeps the store unless the
    launcher does, waits a moment for them to read there why."""
    with suppress(RuntimeError):
        dist.destroy_process_group()
        left = store.add("left", 1)
        until = time.monotonic() + FAREWELL
        asked = place.rank == 0 and store.check([_STOPPED])
        while asked and left < place.size and time.monotonic() < until:
            time.sleep(0.05)
            left = store.add("left", 0)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200]
