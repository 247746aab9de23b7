"""Sizes as people write them."""

from __future__ import annotations

import re

from bothways.errors import ArgumentError

_UNITS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmg", 1):
    _UNITS |= {f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}


def parse_size(size: int | str) -> int:
    """Bytes of `5MB`, `500 kB`, `1.5MiB` or `5000000`; a kB is 1,000 bytes, a KiB 1,024.

    Raises `ArgumentError` for anything else, and for nothing.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(size).strip(), re.ASCII | re.I)
    unit = _UNITS.get(found[2].lower()) if found else None
    # No number of 13 digits is meant; it might be too large for a float.
    if isinstance(size, bool) or found is None or unit is None or len(found[1]) > 12:
        raise ArgumentError(f"got the size {size!r}, expected one such as 5MB, 500kB or 5MiB")
    count = int(float(found[1]) * unit)
    if count < 1:
        raise ArgumentError(f"got the size {size!r}, expected one byte or more")
    return count
