"""Lines of text with `__label__x` in them, as fastText reads them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Any

from bothways.data._columns import Columns
from bothways.data._table import PIECE_BYTES, NoRowsError, Table, Wanted
from bothways.errors import DataError
from bothways.storage import Shard, open_text

# fastText separates words at ASCII white space only, and takes a label anywhere in a line.
_LABEL = re.compile(r"(?<![^ \t\v\f\r])__label__([^ \t\v\f\r]*)")


def read_fasttext(shard: Shard, wanted: Wanted, rows: int) -> Iterator[Table]:
    """Read a text a line, in pieces, with one `__label__x` in it, or several if the caller wants
    them; blank lines are skipped.

    If labels are not needed, a line without one is a text, and so is a blank line: there is
    then one text for each line.

    Raises `DataError` naming the line that has no label, or several that the
    caller does not want.
    """
    name = shard.name
    if wanted.separator is not None:
        raise DataError(f"{name}: fastText lines have no cells for a label separator to divide")
    if wanted.columns:
        raise DataError(f"{name}: fastText lines have no columns to choose from")
    texts: list[str] = []
    labels: list[str | tuple[str, ...] | None] = []
    numbers = array("q")
    some = False
    with open_text(shard, newline="\n") as (lines, plain):
        until = PIECE_BYTES
        for number, line in enumerate(lines, start=1):
            text = line.rstrip("\r\n")
            if wanted.need_labels and not text.strip():
                continue
            found = _LABEL.findall(text)
            if len(found) > 1 and not wanted.multilabel:
                raise DataError(
                    f"{name}, line {number}: has {len(found)} labels, expected exactly one"
                )
            if found:
                # `re.split` would give the label's own group back as well
                text = _LABEL.sub("", text).strip()
            elif wanted.need_labels:
                raise DataError(
                    f"{name}, line {number}: has no label, expected a word such as __label__good"
                )
            texts.append(text)
            labels.append(tuple(found) if len(found) > 1 else found[0] if found else None)
            numbers.append(number)
            if len(numbers) >= rows or plain.passed >= until:
                some = True
                yield _piece(name, texts, labels, numbers)
                texts, labels, numbers, until = [], [], array("q"), plain.passed + PIECE_BYTES
        if plain.blank:
            raise NoRowsError(f"{name}: is empty")
    if texts:
        yield _piece(name, texts, labels, numbers)
    elif not some:
        raise NoRowsError(f"{name}: holds no rows")


def _piece(name: str, texts: list[Any], labels: list[Any], numbers: array[int]) -> Table:
    values = {"text": texts, "label": labels}
    return Table(Columns(name, None), "line", values, numbers)
