"""Apache Parquet, through pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bothways.data._columns import Columns, choose
from bothways.data._table import PIECE_BYTES, NoRowsError, Table, Wanted
from bothways.errors import DataError, require
from bothways.storage import Shard, open_anywhere


def read_parquet(shard: Shard, wanted: Wanted, rows: int) -> Iterator[Table]:
    """Read the text, label and weight columns of a Parquet file, and no others, in pieces; a
    group of rows, however large, is read page by page.

    Texts may be string, large_string or a dictionary of them; labels may also be integer,
    bool or float columns, and lists of any of these if several a text are wanted.

    Raises `DataError` if the file is not whole or a column has another type, and
    `MissingExtraError` without pyarrow.
    """
    pa = require("pyarrow", extra="train", purpose="reading Parquet")
    pq = require("pyarrow.parquet", extra="train", purpose="reading Parquet")
    name, first = shard.name, 1
    with open_anywhere(shard) as file:
        try:
            # With a buffer a column is read in steps of its size, not all of it in a group of rows.
            parquet = pq.ParquetFile(file, buffer_size=1 << 20)
            schema = parquet.schema_arrow
            columns = choose(schema.names, wanted, name, [_kind(pa, f.type) for f in schema])
            _check_types(pa, schema, wanted, columns)
            named = columns.named()
            batches = parquet.iter_batches(
                batch_size=_batch_rows(parquet, list(named.values()), rows),
                columns=list(named.values()),
            )
            for batch in batches:
                values = {role: _values(pa, batch.column(c)) for role, c in named.items()}
                numbers = range(first, first + len(batch))
                first += len(batch)
                if len(batch):
                    yield Table(columns, "row", values, numbers)
        except UnicodeDecodeError:
            raise DataError(f"{name}: holds a string that is not UTF-8") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{name}: is not a whole Parquet file ({reason})") from None
    if first == 1:
        raise NoRowsError(f"{name}: holds no rows")


def _batch_rows(parquet: Any, names: list[str], most: int) -> int:
    """How many rows fill a piece, by the mean size of a row where it is largest."""
    mean = 1.0
    for n in range(parquet.num_row_groups):
        group = parquet.metadata.row_group(n)
        chunks = [group.column(c) for c in range(group.num_columns)]
        used = [c for c in chunks if c.path_in_schema.partition(".")[0] in names]
        size = sum(chunk.total_uncompressed_size for chunk in used)
        mean = max(mean, size / max(group.num_rows, 1))
    return max(1, min(most, int(PIECE_BYTES / mean)))


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


def _kind(pa: Any, kind: Any) -> str | None:
    """What a column holds, in the words of `choose`."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = pa.types
    if _is_string(pa, kind):
        return "strings"
    if tests.is_integer(value) or tests.is_floating(value):
        return "numbers"
    if tests.is_boolean(value):
        return "bools"
    if _is_list(pa, value):
        return "lists"
    return None if tests.is_null(value) else str(value)


def _check_types(pa: Any, schema: Any, wanted: Wanted, columns: Columns) -> None:
    """Refuse a column by its type: the message is the same for one row or a million."""
    checks: list[tuple[str | None, str, tuple[str, ...]]] = [
        (columns.text, "strings", ("strings",))
    ]
    if columns.label is not None:
        some = ("strings", "numbers", "bools")
        checks.append((columns.label, "strings, integers or bools", some))
    for name, expected, kinds in checks:
        kind = value = schema.field(name).type
        if name == columns.label and wanted.multilabel and _is_list(pa, kind):
            value = kind.value_type
        if _kind(pa, value) not in (*kinds, None):
            raise DataError(f"{columns.source}, column {name!r}: holds {kind}, expected {expected}")
