"""Parquet in, Parquet out: columns, types, metadata and groups of rows as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from bothways.errors import DataError, require
from bothways.scoring._answers import Answers
from bothways.scoring._column import find_text, plain
from bothways.scoring._form import PIECE_BYTES, PIECE_ROWS, Form, Piece
from bothways.scoring._table import answer_columns, check_names

if TYPE_CHECKING:
    import pyarrow as pa

# Where pyarrow's name of a codec, as it writes it, is not the one that it reads.
_CODECS = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}


class ParquetForm(Form):
    """See `Form`. A group of rows is written for each that is read, or for each piece of a large
    one; the codec is that of the largest column."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        pq = require("pyarrow.parquet", extra="train", purpose="reading Parquet")
        self._source = source
        with self._whole():
            # With a buffer a column is read in steps of its size, not all of a group at once.
            self._file = pq.ParquetFile(file, buffer_size=1 << 20)
            self.schema: pa.Schema = self._file.schema_arrow
        self.columns = self.schema.names

    def text(self, asked: str | None) -> str:
        return find_text(self.schema, self._source, asked)

    def pieces(self, text: str, names: tuple[str, ...]) -> Iterator[Piece]:
        pa = require("pyarrow", extra="train", purpose="reading Parquet")
        check_names(self.columns, names, self._source)
        metadata = self._file.metadata
        for n in range(metadata.num_row_groups):
            group = metadata.row_group(n)
            mean = group.total_byte_size / max(group.num_rows, 1)
            rows = max(1, min(PIECE_ROWS, int(PIECE_BYTES / max(mean, 1))))
            # Without Arrow's threads: the cores are busy with the model.
            batches = self._file.iter_batches(rows, row_groups=[n], use_threads=False)
            while True:
                with self._whole():
                    batch = next(batches, None)
                if batch is None:
                    break
                table = pa.Table.from_batches([batch])
                yield Piece(table, plain(batch.column(text)), {})

    def begin(self, sink: Any, names: tuple[str, ...], fields: list[pa.Field]) -> None:
        pq = require("pyarrow.parquet", extra="train", purpose="writing Parquet")
        schema = self.schema
        for name, field in zip(names, fields, strict=True):
            schema = schema.append(field.with_name(name))
        self._names = names
        self._writer = pq.ParquetWriter(sink, schema, compression=_codec(self._file.metadata))

    def write(self, rows: Any, answers: list[Answers], model: str | None) -> None:
        for name, column in zip(self._names, answer_columns(answers, model), strict=True):
            rows = rows.append_column(name, column)
        self._writer.write_table(rows.replace_schema_metadata(self.schema.metadata))

    def end(self) -> None:
        try:
            self._writer.close()
        finally:
            self._writer.is_open = False  # or it tries again when it is collected

    @contextmanager
    def _whole(self) -> Iterator[None]:
        pa = require("pyarrow", extra="train", purpose="reading Parquet")
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{self._source}: is not a whole Parquet file ({reason})") from None


def _codec(metadata: Any) -> str:
    """How the largest column is compressed, as `ParquetWriter` names it."""
    if metadata.num_row_groups == 0 or metadata.num_columns == 0:
        return "snappy"
    group = metadata.row_group(0)
    columns = [group.column(n) for n in range(group.num_columns)]
    found = max(columns, key=lambda column: column.total_compressed_size).compression
    return _CODECS.get(found, found.lower())
