"""What a launcher such as torchrun says of the processes that it started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from bothways.errors import ArgumentError


class Launch(NamedTuple):
    """This process is number `rank` of `size`, and `local_rank` of the `local_size` on its host.

    They meet at `address`. `restarts`: how often the launcher has started them again.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    address: str
    restarts: int


def launch(environ: Mapping[str, str] = os.environ) -> Launch | None:
    """Of this process; None if no launcher set `WORLD_SIZE`.

    The variables are those of torchrun (PyTorch's documentation, "Environment Variables"). A
    launcher that does not say how many processes are on a host is taken to start one a host.

    Raises `ArgumentError` for one that is missing, or no number within its range.
    """
    if "WORLD_SIZE" not in environ:
        return None
    size = _number(environ, "WORLD_SIZE", 1, None)
    rank = _number(environ, "RANK", 0, size, "0" if size == 1 else None)
    local_size = _number(environ, "LOCAL_WORLD_SIZE", 1, size + 1, "1")
    local_rank = _number(environ, "LOCAL_RANK", 0, size, "0")
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        if size > 1 and not environ.get(name):
            raise ArgumentError(f"WORLD_SIZE is {size}, and {name}, where all meet, is not set")
    address = f"{environ.get('MASTER_ADDR')}:{environ.get('MASTER_PORT')}"
    if size > 1:
        _number(environ, "MASTER_PORT", 1, 2**16)
    restarts = _number(environ, "TORCHELASTIC_RESTART_COUNT", 0, None, "0")
    return Launch(rank, size, local_rank, max(local_size, local_rank + 1), address, restarts)


def _number(environ, name: str, least: int, end: int | None, usual: str | None = None) -> int:
    """A variable as a whole number from `least` to below `end`."""
    text = environ.get(name, usual)
    if text is None:
        raise ArgumentError(f"WORLD_SIZE is {environ['WORLD_SIZE']}, and {name} is not set")
    if not text.isdecimal() or int(text) < least or (end is not None and int(text) >= end):
        most = "" if end is None else f" to {end - 1}"
        raise ArgumentError(f"{name} must be a whole number from {least}{most}, got {text!r}")
    return int(text)
