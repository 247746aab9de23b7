"""Where in a text its tokens stand."""

from __future__ import annotations

import re

from bothways.text._unicode import separated
from bothways.text._vectorizer import SPLIT_AT_PUNCTUATION, TextVectorizer

_WORD = {False: re.compile(r"[^ \t-\r]+"), True: re.compile(r"\S+")}


def places(vectorizer: TextVectorizer, text: str) -> list[tuple[int, int]]:
    """Where each of `vectorizer.tokens(text)` comes from: `text[start:stop]`, characters that
    vanish included.

    No rule moves a letter from one word to another, so a word that stands alone gives the
    tokens that it gives in its text. A character that Unicode lowers to two is the place of both.
    """
    if vectorizer.split == "character":
        found = [(n, n + 1) for n in range(len(text))]
    else:
        words = _with_ends(vectorizer, text)
        found = [match.span() for match in _WORD[vectorizer.unicode].finditer(words)]
    counts = vectorizer.encode_whole([text[start:stop] for start, stop in found]).lengths
    return [place for place, n in zip(found, counts.tolist(), strict=True) for _ in range(n)]


def whole_words(vectorizer: TextVectorizer, text: str) -> int:
    """How much of `text` more text after it cannot change: up to what ended a word last, or,
    where characters are tokens, all of it."""
    if vectorizer.split == "character":
        return len(text)
    text = _with_ends(vectorizer, text)
    if not vectorizer.unicode:
        return max(map(text.rfind, " \t\n\v\f\r")) + 1
    words = text.rsplit(None, 1)
    return len(text) if not words or text[-1].isspace() else len(text) - len(words[-1])


def _with_ends(vectorizer: TextVectorizer, text: str) -> str:
    """`text` with white space wherever a word ends."""
    if vectorizer.standardize != SPLIT_AT_PUNCTUATION:
        return text
    return separated(text, unicode=vectorizer.unicode)
