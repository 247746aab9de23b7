"""Which instruction set the kernels use, and how many threads."""

from __future__ import annotations

import logging
import os
from typing import Literal, get_args

from bothways.errors import ArgumentError
from bothways.kernels import _kernels

_TIERS = ("scalar", "avx2", "avx512", "avx512bf16", "amx", "amx-model")
_log = logging.getLogger("bothways")


def available_isas() -> list[str]:
    """Instruction tiers that this CPU has, best first."""
    return list(_kernels.available_isas())


def isa() -> str:
    """The instruction tier in use."""
    return str(_kernels.isa())


def set_isa(name: str) -> None:
    """Use the tier `name` from now on, in every thread.

    Raises `ArgumentError` if there is no such tier or this CPU does not have it.
    """
    if name not in _TIERS:
        raise ArgumentError(
            f"there is no instruction tier {name!r}: choose from {', '.join(_TIERS)}"
        )
    if not _kernels.set_isa(name):
        raise ArgumentError(
            f"the instruction tier {name!r} was asked for, but here there are only "
            f"{', '.join(available_isas())}"
        )
    _log.debug("kernels: tier %s", name)


def amx_refused() -> bool:
    """Whether the CPU has AMX and the system, asked once, did not allow its tiles."""
    return bool(_kernels.amx_refused())


Precision = Literal["f32", "bf16"]

# The tests of bf16 set this, so that its algorithm runs on every tier.
_emulate_bf16 = False


def precision_used(precision: Precision) -> Precision:
    """What a request for `precision` is computed in by the tier in use.

    `bf16`: products of operands rounded to bfloat16, everything else float32. A tier without
    instructions for that computes in `f32`, which is faster there and more exact. Raises
    `ArgumentError` for another word.
    """
    if precision not in get_args(Precision):
        raise ArgumentError(f"precision must be 'f32' or 'bf16', got {precision!r}")
    fast = _kernels.dot_is_fast() or _emulate_bf16
    return precision if fast else "f32"


def precision_code(precision: Precision) -> int:
    """`precision_used` as the extension counts: 0 for f32, 1 for bf16."""
    return int(precision != "f32" and precision_used(precision) == "bf16")


def default_threads() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_from_environment() -> None:
    """Use the best tier, or the one that `BOTHWAYS_ISA` names."""
    wanted = os.environ.get("BOTHWAYS_ISA")
    if wanted:
        set_isa(wanted)
    _log.debug("kernels: tier %s of %s", isa(), ", ".join(available_isas()))


choose_from_environment()
