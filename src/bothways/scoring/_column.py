"""Which column of a table holds the texts, and its values as the vectorizer reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bothways.data import text_column
from bothways.errors import DataError, require

if TYPE_CHECKING:
    import pyarrow as pa


def find_text(schema: pa.Schema, source: str, text: str | None) -> str:
    """The name of the text column, `text` if that is a name. Raises `DataError`."""
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    strings = [_is_text(field.type) for field in schema]
    name = text_column(schema.names, source, text=text, strings=strings)
    kind = schema.field(name).type
    if not _is_text(kind) and not pa.types.is_null(kind):
        raise DataError(f"{source}, column {name!r}: holds {kind}, expected strings")
    return name


def plain(texts: pa.Array) -> pa.Array:
    """Texts of any type that `find_text` lets through, as strings one after another."""
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    if pa.types.is_dictionary(texts.type):
        texts = texts.cast(texts.type.value_type)
    is_large = pa.types.is_large_string(texts.type)
    return texts if is_large or pa.types.is_string(texts.type) else texts.cast(pa.string())


def _is_text(kind: pa.DataType) -> bool:
    types = require("pyarrow", extra="train", purpose="scoring tables").types
    kind = kind.value_type if types.is_dictionary(kind) else kind
    # string_view came with pyarrow 16
    is_view = getattr(types, "is_string_view", lambda _: False)
    return types.is_string(kind) or types.is_large_string(kind) or is_view(kind)
