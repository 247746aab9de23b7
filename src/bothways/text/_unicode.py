"""The Unicode-aware rules, in Python: only texts that are not all ASCII come here.

On ASCII the rules of Unicode are Keras's, with four more white space characters, which
the compiled code knows; so the slow path is taken only where it makes a difference.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache


def unicode_standardized(text: str, *, lower: bool, strip: bool, words: bool) -> str:
    """`text` by `str.lower`, without punctuation, its words as by `str.split` a blank apart.

    Idempotent where `lower` is, and the ASCII rules leave it as it is.
    """
    if lower:
        text = text.lower()
    if strip:
        text = punctuation().sub("", text)
    return " ".join(text.split()) if words else text


@cache
def punctuation() -> re.Pattern[str]:
    """Every character of Unicode's categories P*, and ASCII's symbols `$+<=>^`|~` with them,
    which Keras counts as punctuation."""
    marks = (c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "P")
    return re.compile("[" + re.escape("".join(marks) + "$+<=>^`|~") + "]+")
