"""A shard in pieces, so that it need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from bothways.data._columns import Columns
from bothways.data._csv import read_csv
from bothways.data._dataset import Dataset
from bothways.data._fasttext import read_fasttext
from bothways.data._jsonl import read_jsonl
from bothways.data._parquet import read_parquet
from bothways.data._table import NoRowsError, Table, Wanted, check_separator, to_dataset
from bothways.errors import DataError
from bothways.storage import Shard, check_unchanged, format_of

_READERS: dict[str, Callable[[Shard, Wanted, int], Iterator[Table]]] = {
    "csv": read_csv,
    "tsv": partial(read_csv, delimiter="\t"),
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "fasttext": read_fasttext,
}


def read_pieces(
    shard: Shard,
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    multilabel: bool = False,
    label_separator: str | None = None,
    need_labels: bool = True,
    held_out: str | None = None,
    like: Columns | None = None,
    rows: int = 8192,
) -> Iterator[Dataset]:
    """The rows of a shard in order, in pieces of at most `rows` of them, and of fewer where texts
    are long: some 32 MiB of the file are held at once, and one text, however long.

    The options are those of `read`; `like` are the columns of the first shard, see
    `first_columns`. A shard without rows has no pieces. In a piece `labels` may be None, or
    `label_sets` stand for them, as its own rows have it: `sets` is the same for both.

    Raises `DataError` as `read` does, also after some pieces; if the shard has other columns than
    the first; and if it vanished or changed since it was listed.
    """
    wanted = Wanted(
        *(text, label, need_labels, weight, multilabel, label_separator, held_out), like
    )
    check_separator(wanted, shard.name)
    check_unchanged(shard)
    with suppress(NoRowsError):
        for table in pieces_of(shard, wanted, rows):
            yield to_dataset(table, wanted, shard.name, part=True)
    check_unchanged(shard)


def first_columns(
    shards: Sequence[Shard],
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    multilabel: bool = False,
    label_separator: str | None = None,
    need_labels: bool = True,
    held_out: str | None = None,
) -> Columns:
    """The columns of the first shard that has a row, for `like=` of the others: they must have
    the same, whoever reads them and wherever.

    Raises `DataError` as `read` does, and if no shard has a row.
    """
    wanted = Wanted(text, label, need_labels, weight, multilabel, label_separator, held_out)
    for shard in shards:
        with suppress(NoRowsError):
            return next(pieces_of(shard, wanted, 1)).columns
    raise no_rows(shards)


def pieces_of(shard: Shard, wanted: Wanted, rows: int) -> Iterator[Table]:
    """The pieces of a shard before they are checked. Raises `NoRowsError` if there are none."""
    kind = format_of(shard.url)
    if kind is None:
        raise DataError(f"{shard.name}: has a suffix of no format; see bothways.data.find_shards")
    return _READERS[kind](shard, wanted, rows)


def no_rows(shards: Sequence[Shard]) -> NoRowsError:
    """The error for shards that are all empty."""
    more = f", and neither do {len(shards) - 1:,} more shards" if len(shards) > 1 else ""
    return NoRowsError(f"{shards[0].name}: holds no rows{more}")
