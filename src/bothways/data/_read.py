"""One door for every format."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from bothways.data._csv import read_csv
from bothways.data._dataset import Dataset
from bothways.data._fasttext import read_fasttext
from bothways.data._files import show
from bothways.data._folder import read_folder
from bothways.data._jsonl import read_jsonl
from bothways.data._parquet import read_parquet
from bothways.data._table import Table, Wanted, to_dataset
from bothways.errors import DataError

_READERS: dict[str, Callable[[str, Wanted], Table]] = {
    ".csv": read_csv,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
    ".txt": read_fasttext,
    ".ft": read_fasttext,
    ".fasttext": read_fasttext,
}


def read(
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    multilabel: bool = False,
    label_separator: str | None = None,
    need_labels: bool = True,
) -> Dataset:
    """Read labelled texts from a file, or from a folder with one subfolder for each label.

    The suffix says how: `.csv`, `.tsv` (with a header), `.jsonl`, `.ndjson`, `.parquet`,
    and `.txt`, `.ft`, `.fasttext` for lines with `__label__x`. Files are UTF-8.

    `text` and `label` name the columns; without them the obvious ones are taken: usual names
    such as `text`, `review` or `label`, `sentiment`, or the only column that is left. Texts
    are strings and may be empty. Labels are strings as they are (`NA` is a label); integers
    and bools become theirs (`1`, `True`), floats with a whole value become the integer's;
    white space alone is no label.

    `weight` names the column of what each text counts: numbers from 0, not all 0. It is never
    guessed.

    With `multilabel` a text may have several labels or none, and the dataset has `label_sets`,
    if they are lists in the file, or several `__label__x` stand on a line of it. With
    `label_separator`, such as `|`, it has them too: each cell is divided there, and one with
    white space alone holds no label.

    With `need_labels=False` a source without labels gives `labels=None`; so does one where a
    label is missing, unless `label` asked for that column.

    Raises `DataError`, one sentence that says what is wrong and in which file, line, row or
    column; `MissingExtraError` for Parquet without pyarrow.
    """
    name = os.fsdecode(path)
    if label_separator is not None and not label_separator.strip():
        raise DataError(
            f"{show(name)}: the label separator is {label_separator!r}, expected a character such "
            "as '|' that is no white space"
        )
    wanted = Wanted(text, label, need_labels, weight, multilabel, label_separator)
    if os.path.isdir(name):
        return to_dataset(read_folder(name, wanted), wanted, show(name))
    if not os.path.exists(name):
        raise DataError(f"{show(name)}: no such file or folder")
    suffix = os.path.splitext(name)[1].lower()
    reader = _READERS.get(suffix)
    if reader is None:
        raise DataError(
            f"{show(name)}: has {f'the suffix {suffix!r}' if suffix else 'no suffix'}, expected "
            f"one of {', '.join(_READERS)} or a folder with one subfolder for each label"
        )
    return to_dataset(reader(name, wanted), wanted, show(name))
