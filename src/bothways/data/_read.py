"""One door for every format."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from bothways.data._dataset import Dataset
from bothways.data._folder import read_folder
from bothways.data._joined import joined
from bothways.data._pieces import no_rows, pieces_of
from bothways.data._table import NoRowsError, Table, Wanted, check_separator, to_dataset
from bothways.errors import DataError
from bothways.storage import Shard, find_shards, is_shards, show, without_file


def read(
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    multilabel: bool = False,
    label_separator: str | None = None,
    need_labels: bool = True,
    held_out: str | None = None,
) -> Dataset:
    """Read labelled texts from a file, a folder with one subfolder for each label, or shards.

    The suffix says how: `.csv`, `.tsv` (with a header), `.jsonl`, `.ndjson`, `.parquet`,
    and `.txt`, `.ft`, `.fasttext` for lines with `__label__x`. Files are UTF-8, and those of text
    may be compressed: `.gz`, `.bz2`, `.xz`, `.zst` after the suffix.

    Shards are the files of a folder, of a glob (`'shards/**/*.parquet'`) or of a URL that fsspec
    knows (`s3://bucket/*.csv`), in the order of their names. They have one format and the same
    columns; a place in a message names the shard. `-` is rows of JSON Lines on standard input,
    `csv:-`, `tsv:-`, `parquet:-` and `fasttext:-` are others.

    `text` and `label` name the columns; without them the obvious ones are taken: usual names
    such as `text`, `review` or `label`, `sentiment`, or the only column that is left. Texts
    are strings and may be empty. Labels are strings as they are (`NA` is a label); integers
    and bools become theirs (`1`, `True`), floats with a whole value become the integer's;
    white space alone is no label.

    `weight` names the column of what each text counts: numbers from 0, not all 0. It is never
    guessed. `held_out` names the column that says which rows are held out of a training: true,
    1, `valid`, `validation`, `dev` or `test`, and not false, 0, `train` or nothing.

    With `multilabel` a text may have several labels or none, and the dataset has `label_sets`,
    if they are lists in the file, or several `__label__x` stand on a line of it. With
    `label_separator`, such as `|`, it has them too: each cell is divided there, and one with
    white space alone holds no label.

    With `need_labels=False` a source without labels gives `labels=None`; so does one where a
    label is missing, unless `label` asked for that column.

    Raises `DataError`, one sentence that says what is wrong and in which file, line, row or
    column; `MissingExtraError` for Parquet without pyarrow, or a URL without fsspec.
    """
    name = without_file(os.fsdecode(path))
    wanted = Wanted(text, label, need_labels, weight, multilabel, label_separator, held_out)
    check_separator(wanted, show(name))
    if os.path.isdir(name) and not is_shards(name):
        rows = to_dataset(read_folder(name, wanted), wanted, show(name))
    else:
        rows = _all(find_shards(name), wanted, show(name))
    if rows.weights is not None and not any(rows.weights):
        raise DataError(
            f"{rows.source}, column {weight!r}: all {len(rows.weights):,} weights are 0"
        )
    return rows


def _all(shards: Sequence[Shard], wanted: Wanted, source: str) -> Dataset:
    parts = []
    for shard in shards:
        table: Table | None = None
        try:
            for piece in pieces_of(shard, wanted, sys.maxsize):
                table = piece if table is None else table.extended(piece)
        except NoRowsError:
            if len(shards) == 1:
                raise
        if table is not None:
            parts.append(to_dataset(table, wanted, shard.name))
            if wanted.like is None:
                wanted = replace(wanted, like=table.columns)
    if not parts:
        raise no_rows(shards)
    return parts[0] if len(shards) == 1 else joined(parts, source)
