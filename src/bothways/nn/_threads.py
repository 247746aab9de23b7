"""How many threads the kernels use under torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_chosen: int | None = None


def kernel_threads() -> int:
    """Threads for the kernels: those of `use_threads`, otherwise `torch.get_num_threads()`."""
    return _chosen or torch.get_num_threads()


@contextmanager
def use_threads(count: int) -> Iterator[None]:
    """Within it the kernels use `count` threads, and torch's own operations one.

    torch's threads spin for a while after each of their operations, and so take the cores from
    the kernels that come next: a training step of the classic model takes a third longer. The
    setting is the process's, as torch's is.
    """
    global _chosen
    before, torchs = _chosen, torch.get_num_threads()
    _chosen = count
    torch.set_num_threads(1)
    try:
        yield
    finally:
        _chosen = before
        torch.set_num_threads(torchs)
