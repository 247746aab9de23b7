"""The vectorizer's rules in a few lines of plain Python, and texts that try them."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter

from hypothesis import strategies as st

KERAS_STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
STANDARDIZE = (*KERAS_STANDARDIZE, "lower_and_split_at_punctuation")
SPLIT = ("whitespace", "character")
ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
ASCII_SPACE = re.compile("[\t\n\v\f\r ]+")


def is_mark(character, unicode):
    if character in string.punctuation:
        return True
    return unicode and unicodedata.category(character).startswith("P")


def tokens(text, standardize="lower_and_strip_punctuation", split="whitespace", unicode=False):
    """The tokens of one text."""
    if standardize == "lower_and_split_at_punctuation":
        text = re.sub("['\u2019]" if unicode else "'", "", text)
        text = "".join(" " if is_mark(c, unicode) else c for c in text)
    if standardize in ("lower", "lower_and_strip_punctuation", "lower_and_split_at_punctuation"):
        text = text.lower() if unicode else text.translate(ASCII_LOWER)
    if standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
        text = "".join(c for c in text if not is_mark(c, unicode))
    if split == "character":
        return list(text)
    return text.split() if unicode else [word for word in ASCII_SPACE.split(text) if word]


def vocabulary(texts, max_tokens=None, **rules):
    """The tokens of ids 0, 1, 2 ...; Python orders strings as their UTF-8 bytes are ordered."""
    counts = Counter(token for text in texts for token in tokens(text, **rules))
    learned = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
    learned = [token for token in learned if token != "[UNK]"]
    return ["", "[UNK]", *learned][:max_tokens]


def encode(texts, known, length=None, **rules):
    """A list of ids for each text, and how many texts and tokens were cut."""
    number = {token: i for i, token in enumerate(known)}
    whole = [[number.get(token, 1) for token in tokens(text, **rules)] for text in texts]
    ids = [text[:length] for text in whole]
    cut = [len(a) - len(b) for a, b in zip(whole, ids, strict=True)]
    return ids, sum(c > 0 for c in cut), sum(cut)


# Few letters, so that words recur; words around eight bytes, where the table changes its ways;
# NULs, marks and blanks of both sets of rules; letters whose lower case is longer or hangs on
# what stands beside them; and every other character that UTF-8 has.
LETTERS = "aabBzZ\0[]UNK\u00c9\u00e9\u0130\u03a3\u03c3\u1e9e\u4e2d\u0301\U0001f600\U00010400"
BREAKS = (
    " \t\n\v\f\r\x1c\x1f\x85\u00a0\u2003\u2028\u3000" + string.punctuation + "\u2019\u00bf\u3002"
)
WORDS = st.sampled_from(["[UNK]", "the", "aaaaaaa", "aaaaaaaa", "aaaaaaaab", "aaaaaaaac" * 2])
PIECES = st.one_of(
    st.text(LETTERS, max_size=9),
    st.text(BREAKS, min_size=1, max_size=2),
    WORDS,
    st.text(st.characters(exclude_categories=("Cs",)), max_size=3),
)
TEXT = st.lists(PIECES, max_size=12).map("".join)
RULES = st.fixed_dictionaries(
    {
        "standardize": st.sampled_from(STANDARDIZE),
        "split": st.sampled_from(SPLIT),
        "unicode": st.booleans(),
    }
)
