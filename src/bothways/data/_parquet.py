"""Apache Parquet, through pyarrow."""

from __future__ import annotations

from typing import Any

from bothways.data._columns import choose
from bothways.data._files import open_regular, show
from bothways.data._table import Table, Wanted
from bothways.errors import DataError, require


def read_parquet(path: str, wanted: Wanted) -> Table:
    """Read the text, label and weight columns of a Parquet file, and no others.

    Texts may be string, large_string or a dictionary of them; labels may also be integer,
    bool or float columns, and lists of any of these if several a text are wanted.

    Raises `DataError` if the file is not whole or a column has another type, and
    `MissingExtraError` without pyarrow.
    """
    pa = require("pyarrow", extra="train", purpose="reading Parquet")
    pq = require("pyarrow.parquet", extra="train", purpose="reading Parquet")
    source = show(path)
    with open_regular(path) as file:
        try:
            parquet = pq.ParquetFile(file)
            schema = parquet.schema_arrow
            strings = [_is_string(pa, field.type) for field in schema]
            text, label = choose(schema.names, wanted, source, strings)
            _check_type(pa, schema.field(text).type, source, text, "text")
            if label is not None:
                kind = schema.field(label).type
                kind = kind.value_type if wanted.multilabel and _is_list(pa, kind) else kind
                _check_type(pa, kind, source, label, "label")
            columns = [name for name in (text, label, wanted.weight) if name is not None]
            table = parquet.read(columns=columns)
            texts = _values(pa, table.column(text))
            labels = None if label is None else _values(pa, table.column(label))
            weight = wanted.weight
            weights = None if weight is None else _values(pa, table.column(weight))
        except UnicodeDecodeError:
            raise DataError(f"{source}: holds a string that is not UTF-8") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{source}: is not a whole Parquet file ({reason})") from None
    return Table(texts, labels, range(1, len(texts) + 1), "row", text, label, weights)


def _values(pa: Any, column: Any) -> list[Any]:
    """The column as Python values; a null is None."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.to_pylist()


def _is_list(pa: Any, kind: Any) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _is_string(pa: Any, kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    # string_view came with pyarrow 16
    is_view = getattr(pa.types, "is_string_view", lambda _: False)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view(kind)


def _check_type(pa: Any, kind: Any, source: str, name: str, option: str) -> None:
    """Refuse a column by its type: the message is the same for one row or a million."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    fine = _is_string(pa, kind) or pa.types.is_null(value)
    expected = "strings"
    if option == "label":
        expected = "strings, integers or bools"
        tests = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_floating)
        fine = fine or any(test(value) for test in tests)
    if not fine:
        raise DataError(f"{source}, column {name!r}: holds {kind}, expected {expected}")
