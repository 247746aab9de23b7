"""Times as people write them."""

from __future__ import annotations

import re

from bothways.errors import ArgumentError

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


def parse_duration(time: float | str) -> float:
    """Seconds of `90s`, `10m`, `1.5h` or `90`.

    Raises `ArgumentError` for anything else, and for nothing.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(time).strip(), re.ASCII | re.I)
    unit = _UNITS.get(found[2].lower()) if found else None
    # No number of 13 digits is meant; it might be too large for a float.
    if isinstance(time, bool) or found is None or unit is None or len(found[1]) > 12:
        raise ArgumentError(f"got the time {time!r}, expected one such as 90s, 10m or 1h")
    seconds = float(found[1]) * unit
    if not seconds:
        raise ArgumentError(f"got the time {time!r}, expected more than nothing")
    return seconds
