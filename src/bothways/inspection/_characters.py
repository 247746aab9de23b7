"""Characters that rarely belong in a text: markup, encoding damage, what cannot be seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from unicodedata import name

from bothways.data import Dataset
from bothways.inspection._facts import Characters, Example, Oddity

COMMON = 5

# The bytes 80 to BF, which continue a character in UTF-8, as Windows-1252 and Latin-1 show them.
_CONTINUES = "".join(
    bytes([byte]).decode(encoding, "ignore")
    for encoding in ("cp1252", "latin-1")
    for byte in range(0x80, 0xC0)
)
_C = f"[{re.escape(_CONTINUES)}]"
PATTERNS = {
    "tag": re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,20}(?:\s[^<>]{0,300})?/?>"),
    "entity": re.compile(r"&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5});"),
    # The leads of two bytes and of three that European text and typographic signs begin with.
    "mojibake": re.compile(f"[ÂÃÄÅÎÏÐÑ]{_C}|â{_C}{_C}|ï¿½"),
    "replacement": re.compile("\ufffd+"),
    "c1": re.compile("[\x80-\x9f]+"),
    "control": re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+"),
    "invisible": re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+"),
}
# What the texts have that may hold such a piece: to ask is a tenth of the work of looking.
_MAY_HOLD: dict[str, Callable[[str], bool]] = {
    "tag": lambda text: "<" in text,
    "entity": lambda text: "&" in text,
    "mojibake": lambda text: not text.isascii(),
    "replacement": lambda text: "\ufffd" in text,
    "c1": lambda text: not text.isascii() and not text.isprintable(),
    "control": lambda text: not text.isprintable(),
    "invisible": lambda text: not text.isascii() and not text.isprintable(),
}
_ASCII = re.compile("[\x00-\x7f]+")


def inspect_characters(rows: Dataset) -> Characters:
    """Count the oddities of `N` texts, and the letters beyond ASCII by script."""
    beyond: Counter[str] = Counter()
    texts = 0
    for text in rows.texts:
        if not text.isascii():
            texts += 1
            beyond.update(_ASCII.sub("", text))
    characters = sum(map(len, rows.texts))
    return Characters(
        characters=characters,
        non_ascii=sum(beyond.values()) / characters if characters else 0.0,
        non_ascii_texts=texts,
        scripts=_scripts(beyond),
        oddities=tuple(oddity for kind in PATTERNS if (oddity := _oddity(rows, kind)) is not None),
    )


def _oddity(rows: Dataset, kind: str) -> Oddity | None:
    forms: Counter[str] = Counter()
    texts, first = 0, -1
    for n, text in enumerate(rows.texts):
        if _MAY_HOLD[kind](text) and (found := list(_found(kind, text))):
            forms.update(found)
            texts += 1
            first = n if first < 0 else first
    if not texts:
        return None
    return Oddity(
        kind=kind,
        texts=texts,
        times=sum(forms.values()),
        common=dict(forms.most_common(COMMON)),
        example=Example(
            text=rows.texts[first],
            places=(rows.place(first),),
            labels=(None if rows.labels is None else rows.labels[first],),
            rows=texts,
        ),
    )


def _found(kind: str, text: str) -> Iterator[str]:
    for match in PATTERNS[kind].finditer(text):
        piece = match.group()
        if kind != "mojibake" or repaired(piece) is not None:
            yield piece


def repaired(piece: str) -> str | None:
    """What `piece` was before UTF-8 was read as Windows-1252; None if it was not that."""
    try:
        # Five bytes mean nothing in Windows-1252: programs let them through as Latin-1 does.
        data = b"".join(c.encode("latin-1") if c < "\u0100" else c.encode("cp1252") for c in piece)
        return data.decode("utf-8")
    except UnicodeError:
        return None


def _scripts(beyond: Counter[str]) -> dict[str, int]:
    scripts: Counter[str] = Counter()
    for character, count in beyond.items():
        words = name(character, "").split()
        if {"LETTER", "IDEOGRAPH", "SYLLABLE"} & {word.partition("-")[0] for word in words}:
            scripts[words[0].capitalize()] += count
    return dict(scripts.most_common())
