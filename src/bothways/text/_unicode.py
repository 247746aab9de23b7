"""The Unicode-aware rules, in Python: only texts that are not all ASCII are standardized here.

On ASCII the rules of Unicode are Keras's, with four more white space characters, which
the compiled code knows; so the slow path is taken only where it makes a difference, and
leaves ASCII's punctuation to the compiled code.
"""

from __future__ import annotations

import string
from unicodedata import category

_ENDS = frozenset(string.punctuation) - {"'"}
_APOSTROPHE = "\u2019"


def unicode_standardized(
    text: str, *, lower: bool, strip: bool, separate: bool, words: bool
) -> str:
    """`text` by `str.lower`, without characters of the categories P* beyond ASCII, or
    `separated` and without U+2019, and its words, as by `str.split`, a blank apart."""
    if separate:  # and then lowered: the sigma at a word's end is that of a word that stands alone
        text = separated(text, unicode=True).replace(_APOSTROPHE, "")
    if lower:
        text = text.lower()  # before marks go: the sigma at a word's end hangs on its neighbours
    if strip:
        # A text has few distinct marks; a regular expression of all 800 took seven times as long.
        for character in set(text):
            if character > "\x7f" and category(character)[0] == "P":
                text = text.replace(character, "")
    return " ".join(text.split()) if words else text


def separated(text: str, *, unicode: bool) -> str:
    """`text` with a blank in the place of each mark that ends a word: ASCII's punctuation but
    `'`, and with `unicode` the categories P* but U+2019 too. No place in it moves."""
    for character in set(text):
        beyond = unicode and character > "\x7f" and character != _APOSTROPHE
        if character in _ENDS or (beyond and category(character)[0] == "P"):
            text = text.replace(character, " ")
    return text
