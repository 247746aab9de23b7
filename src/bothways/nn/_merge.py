"""What two directions know, joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from bothways.errors import ArgumentError

Merge = Literal["concat", "sum", "mul", "ave"]


def check_merge(merge: str | None) -> str | None:
    """`merge`, or `ArgumentError` if it is none of the merges."""
    if merge is not None and merge not in get_args(Merge):
        raise ArgumentError(f"merge must be one of {get_args(Merge)} or None, got {merge!r}")
    return merge


def merge_directions(both: Tensor, merge: str | None) -> Any:
    """Join what two directions know, side by side in `(..., 2H)`.

    Gives `(..., 2H)` for concat, otherwise `(..., H)`, and with None a pair of these.
    """
    if merge == "concat":
        return both
    forward, backward = both.chunk(2, dim=-1)
    if merge == "sum":
        return forward + backward
    if merge == "mul":
        return forward * backward
    if merge == "ave":
        return (forward + backward) / 2
    return forward, backward


def last_states(h: Tensor, merge: str | None) -> Any:
    """The states of the two directions of the highest layer, merged: `(N, F)`."""
    return merge_directions(torch.cat([h[-2], h[-1]], dim=-1), merge)


def each(value: Any, function: Callable[[Tensor], Any]) -> Any:
    """`function` of a merged tensor, or of both tensors of a pair."""
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)
