"""What counts as a batch of texts."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

from bothways.errors import ArgumentError, BothwaysError, DataError
from bothways.kernels import _kernels


def as_texts(texts: Any, *, standardize: Callable[[str], str] | None = None) -> Any:
    """`texts` for the compiled code: strings are read where they lie, Arrow columns too.

    Takes a list, tuple, array or series of strings, or anything that speaks Arrow's C data
    interface (`__arrow_c_array__`, or `chunks` that do). `standardize` is applied to each
    text first. Raises `DataError` naming the first item that is not a string,
    `ArgumentError` for a single string.
    """
    if isinstance(texts, (str, bytes)):
        raise ArgumentError(
            f"expected a list of texts, got one {type(texts).__name__}: put it into a list"
        )
    try:
        if standardize is None and (arrays := _arrow_arrays(texts)) is not None:
            return _kernels.Texts.from_arrow(arrays)
        if not hasattr(texts, "__iter__"):
            raise ArgumentError(f"expected a list of texts, got {type(texts).__name__}")
        items = texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)
        if standardize is not None:
            items = [standardize(t) if isinstance(t, str) else t for t in items]
        return _kernels.Texts(items)
    except ValueError as error:
        if isinstance(error, BothwaysError):
            raise
        raise DataError(str(error)) from None


def _arrow_arrays(texts: Any) -> list[Any] | None:
    if hasattr(texts, "__arrow_c_array__"):
        return [texts.__arrow_c_array__()]
    chunks = getattr(texts, "chunks", None)
    if isinstance(chunks, list) and all(hasattr(c, "__arrow_c_array__") for c in chunks):
        return [chunk.__arrow_c_array__() for chunk in chunks]
    return None


@cache
def _punctuation() -> re.Pattern[str]:
    """Every character of Unicode's categories P*, and ASCII's symbols with them."""
    marks = (c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "P")
    return re.compile("[" + re.escape("".join(marks) + "$+<=>^`|~") + "]+")


def unicode_standardized(text: str, standardize: str | None, split: str) -> str:
    """`text` in lower case, without punctuation, its words a space apart, by Unicode's rules."""
    rules = standardize or ""
    if "lower" in rules:
        text = text.lower()
    if "strip" in rules:
        text = _punctuation().sub("", text)
    return " ".join(text.split()) if split == "whitespace" else text
