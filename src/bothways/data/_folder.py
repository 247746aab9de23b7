"""One subfolder a label, one file a text."""

from __future__ import annotations

import os
from typing import Any

from bothways.data._columns import Columns
from bothways.data._table import Table, Wanted
from bothways.errors import DataError
from bothways.storage import FORMATS, read_text, show


def read_folder(path: str, wanted: Wanted) -> Table:
    """Read `path/LABEL/FILE`, labels and files in the order of their names.

    Every file in a label's folder is a text, whatever its suffix. Names that begin with a
    dot are skipped, and so are files that lie beside the label folders.

    Raises `DataError` naming the folder without texts, the folder within a label's folder,
    or the file that cannot be read or is not UTF-8.
    """
    if wanted.separator is not None:
        raise DataError(f"{show(path)}: is a folder, which has no cells for a label separator")
    if wanted.columns:
        raise DataError(f"{show(path)}: is a folder, which has no columns to choose from")
    texts: list[str] = []
    labels: list[str] = []
    rows: list[str] = []
    folders = [name for name in _names(path) if os.path.isdir(os.path.join(path, name))]
    if not folders:
        raise DataError(
            f"{show(path)}: is a folder without subfolders, expected one for each label, or "
            f"shards: files that end in one of {', '.join(FORMATS)}"
        )
    for label in folders:
        if not _is_unicode(label):
            raise DataError(f"{show(os.path.join(path, label))}: the name is not UTF-8")
        names = _names(os.path.join(path, label))
        if not names:
            raise DataError(f"{show(os.path.join(path, label))}: a label's folder without texts")
        for name in names:
            texts.append(_text(os.path.join(path, label, name)))
            labels.append(label)
            rows.append(show(os.path.join(label, name)))
    values: dict[str, list[Any]] = {"text": texts, "label": labels}
    return Table(Columns(show(path), None), "file", values, rows)


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise DataError(f"{show(folder)}: cannot be listed ({error.strerror})") from None


def _text(path: str) -> str:
    if os.path.isdir(path):
        raise DataError(
            f"{show(path)}: is a folder within a label's folder, expected files; "
            "give the folder that holds one subfolder for each label"
        )
    return read_text(path)


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
