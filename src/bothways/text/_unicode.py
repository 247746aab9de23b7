"""The Unicode-aware rules, in Python: only texts that are not all ASCII come here.

On ASCII the rules of Unicode are Keras's, with four more white space characters, which
the compiled code knows; so the slow path is taken only where it makes a difference, and
leaves ASCII's punctuation to the compiled code.
"""

from __future__ import annotations

from unicodedata import category


def unicode_standardized(text: str, *, lower: bool, strip: bool, words: bool) -> str:
    """`text` by `str.lower`, without characters of the categories P* beyond ASCII, and its
    words, as by `str.split`, a blank apart."""
    if lower:
        text = text.lower()  # before marks go: the sigma at a word's end hangs on its neighbours
    if strip:
        # A text has few distinct marks; a regular expression of all 800 took seven times as long.
        for character in set(text):
            if character > "\x7f" and category(character)[0] == "P":
                text = text.replace(character, "")
    return " ".join(text.split()) if words else text
