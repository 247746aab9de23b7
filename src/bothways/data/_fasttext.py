"""Lines of text with `__label__x` in them, as fastText reads them."""

from __future__ import annotations

import re
from array import array

from bothways.data._files import open_text, show
from bothways.data._table import Table, Wanted
from bothways.errors import DataError

# fastText separates words at ASCII white space only, and takes a label anywhere in a line.
_LABEL = re.compile(r"(?<![^ \t\v\f\r])__label__([^ \t\v\f\r]*)")


def read_fasttext(path: str, wanted: Wanted) -> Table:
    """Read a text a line, with one `__label__x` in it, or several if the caller wants them;
    blank lines are skipped.

    If labels are not needed, a line without one is a text, and so is a blank line: there is
    then one text for each line.

    Raises `DataError` naming the line that has no label, or several that the
    caller does not want.
    """
    source = show(path)
    if wanted.separator is not None:
        raise DataError(f"{source}: fastText lines have no cells for a label separator to divide")
    if wanted.columns:
        raise DataError(f"{source}: fastText lines have no columns to choose from")
    texts: list[str] = []
    labels: list[str | tuple[str, ...] | None] = []
    rows = array("q")
    with open_text(path, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.rstrip("\r\n")
            if wanted.need_labels and not text.strip():
                continue
            found = _LABEL.findall(text)
            if len(found) > 1 and not wanted.multilabel:
                raise DataError(
                    f"{source}, line {number}: has {len(found)} labels, expected exactly one"
                )
            if found:
                # `re.split` would give the label's own group back as well
                text = _LABEL.sub("", text).strip()
            elif wanted.need_labels:
                raise DataError(
                    f"{source}, line {number}: has no label, expected a word such as __label__good"
                )
            texts.append(text)
            labels.append(tuple(found) if len(found) > 1 else found[0] if found else None)
            rows.append(number)
    if not any(label is not None for label in labels):
        return Table(texts, None, rows, "line")
    return Table(texts, labels, rows, "line")
