"""Where in a text its tokens stand."""

from __future__ import annotations

import re

from bothways.text._vectorizer import TextVectorizer

_WORD = {False: re.compile(r"[^ \t-\r]+"), True: re.compile(r"\S+")}


def places(vectorizer: TextVectorizer, text: str) -> list[tuple[int, int]]:
    """Where each of `vectorizer.tokens(text)` comes from: `text[start:stop]`, punctuation that
    is stripped included.

    No rule moves a letter from one word to another, so a word that stands alone gives the
    tokens that it gives in its text. A character that Unicode lowers to two is the place of both.
    """
    if vectorizer.split == "character":
        found = [(n, n + 1) for n in range(len(text))]
    else:
        found = [match.span() for match in _WORD[vectorizer.unicode].finditer(text)]
    counts = vectorizer.encode_whole([text[start:stop] for start, stop in found]).lengths
    return [place for place, n in zip(found, counts.tolist(), strict=True) for _ in range(n)]


def whole_words(vectorizer: TextVectorizer, text: str) -> int:
    """How much of `text` more text after it cannot change: up to the last white space, or, where
    characters are tokens, all of it."""
    if vectorizer.split == "character":
        return len(text)
    if not vectorizer.unicode:
        return max(map(text.rfind, " \t\n\v\f\r")) + 1
    words = text.rsplit(None, 1)
    return len(text) if not words or text[-1].isspace() else len(text) - len(words[-1])
