"""Sizes and times as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bothways.errors import ArgumentError

_TIMES = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_SIZES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmg", 1):
    _SIZES |= {f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}


def parse_size(size: int | str) -> int:
    """Bytes of `5MB`, `500 kB`, `1.5MiB` or `5000000`; a kB is 1,000 bytes, a KiB 1,024.

    Raises `ArgumentError` for anything else, and for nothing.
    """
    count = int(_parse(size, _SIZES, "size", "5MB, 500kB or 5MiB"))
    if count < 1:
        raise ArgumentError(f"got the size {size!r}, expected one byte or more")
    return count


def parse_duration(time: float | str) -> float:
    """Seconds of `90s`, `10m`, `1.5h` or `90`.

    Raises `ArgumentError` for anything else, and for nothing.
    """
    seconds = _parse(time, _TIMES, "time", "90s, 10m or 1h")
    if not seconds:
        raise ArgumentError(f"got the time {time!r}, expected more than nothing")
    return seconds


def size(count: float) -> str:
    """Bytes for people: `812 MB`; a kB is 1,000 bytes."""
    unit = "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if count < 999.5:
            break
        count, unit = count / 1000, larger
    return f"{count:,.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"


def _parse(amount: float | str, units: Mapping[str, int], what: str, such_as: str) -> float:
    """A number and one of `units`, in the least of them."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(amount).strip(), re.ASCII | re.I)
    unit = units.get(found[2].lower()) if found else None
    # No number of 13 digits is meant; it might be too large for a float.
    if isinstance(amount, bool) or found is None or unit is None or len(found[1]) > 12:
        raise ArgumentError(f"got the {what} {amount!r}, expected one such as {such_as}")
    return float(found[1]) * unit
