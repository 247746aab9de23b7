"""What counts as a batch of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from bothways.errors import ArgumentError, DataError
from bothways.kernels import _kernels


def as_texts(texts: Any, *, standardize: Callable[[str], str] | None = None) -> Any:
    """`texts` for the compiled code, which reads strings where they lie, Arrow columns too.

    Takes a list, tuple, array, series or other iterable of strings, or a string column that
    speaks Arrow's C data interface (`__arrow_c_array__`, `__arrow_c_stream__`). `standardize`
    is applied to each text that is not all ASCII; columns become Python strings for it.

    Raises `ArgumentError` for what is not one column of texts, and `DataError` naming the
    first item, counted from 0, that is not a string, is null or has no UTF-8.
    """
    _check_one_column(texts)
    try:
        column = _arrow(texts)
        if column is not None and standardize is None:
            return column
        items = list(texts) if column is None else column.strings()
        if standardize is not None:
            items = [t if not isinstance(t, str) or t.isascii() else standardize(t) for t in items]
        return _kernels.Texts(items)
    except ValueError as error:
        raise DataError(str(error)) from None


def _check_one_column(texts: Any) -> None:
    kind = type(texts).__name__
    if isinstance(texts, (str, bytes, bytearray)):
        raise ArgumentError(f"expected a list of texts, got one {kind}: put it into a list")
    dimensions = getattr(texts, "ndim", 1)
    if dimensions != 1:
        raise ArgumentError(f"expected one column of texts, got {kind} of {dimensions} dimensions")
    if isinstance(texts, (Mapping, Set)):
        raise ArgumentError(f"expected a list of texts, got {kind}, whose items have no places")
    if not hasattr(texts, "__iter__") and not hasattr(texts, "__arrow_c_array__"):
        raise ArgumentError(f"expected a list of texts, got {kind}")


def _arrow(texts: Any) -> Any | None:
    """`texts` read through Arrow's interface, or None where it is better iterated over."""
    if hasattr(texts, "__arrow_c_array__"):
        return _kernels.Texts.from_arrow_array(*texts.__arrow_c_array__())
    if not hasattr(texts, "__arrow_c_stream__"):
        return None
    # A series of another type, such as a category, may still hold strings.
    if not str(getattr(texts, "dtype", "string")).lower().startswith("str"):
        return None
    try:
        return _kernels.Texts.from_arrow_stream(texts.__arrow_c_stream__())
    except ImportError:  # pandas speaks Arrow only where pyarrow is installed
        return None
