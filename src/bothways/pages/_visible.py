"""Texts of others in a page: what a browser would obey or drop, it shall show."""

from __future__ import annotations

import re

# Controls but tab and line ends (HTML forbids them), and what turns the direction of a line
# around beyond the text it stands in (Boucher & Anderson, Trojan Source, 2021). What joins and
# marks letters stays: emoji, Persian and the languages of India are written with it.
_OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""`text` with escapes in the place of controls and of changes of direction.

    >>> visible("a\x1b[1m\u202eb")
    'a\\x1b[1m\\u202eb'
    """
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)
