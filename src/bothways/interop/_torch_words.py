"""Which row of an `nn.Embedding` belongs to which token.

Our ids 0 and 1 are padding and unknown words. Others put them anywhere, under names of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArtifactError

_PADDING = ("", "<pad>", "[pad]")
_UNKNOWN = ("[unk]", "<unk>")


class Words(NamedTuple):
    """The tokens in the order of our ids, the embedding `(V, I)` in that order, which id was
    padding, if any, and a sentence about it."""

    vocabulary: tuple[str, ...]
    table: NDArray[np.float32]
    padding: int | None
    note: str


def words_of(lines: Sequence[str], table: NDArray[np.float32]) -> Words:
    """The tokens `lines` of the rows of `table`: one for each row, or all but the first two, or,
    where padding and unknown words are among them, the first rows alone.

    Raises `ArtifactError` if it cannot be told which row is which.
    """
    rows = len(table)
    padding, unknown = _place(lines, _PADDING), _place(lines, _UNKNOWN)
    if len(lines) == rows - 2 and padding is unknown is None:
        note = "the vocabulary has two tokens fewer than the embedding has rows: id 0 is taken to "
        return Words(("", "[UNK]", *lines), table, 0, f"{note}be padding and id 1 unknown words")
    # Where the vocabulary names both, its lines are rows from the first on; others have no word.
    named = padding is not None and unknown is not None
    if len(lines) != rows and not (named and len(lines) < rows):
        raise ArtifactError(
            f"it has {len(lines):,} tokens, and the embedding {rows:,} rows; expected as many, or "
            "two fewer without padding and unknown words, which are the first two ids then"
        )
    if unknown is None:
        raise ArtifactError(
            "no line of it is [UNK] or <unk>, so that it is not known which id a word has that is "
            "not in it"
        )
    rest = [n for n in range(len(lines)) if n not in (padding, unknown)]
    first = np.zeros_like(table[:1]) if padding is None else table[[padding]]
    told = "there is none for padding" if padding is None else f"{padding} is padding"
    if len(lines) < rows:
        told += f"; {rows - len(lines):,} of {rows:,} rows of the embedding have no token: dropped"
    return Words(
        ("", "[UNK]", *(lines[n] for n in rest)),
        np.concatenate([first, table[[unknown, *rest]]]),
        padding,
        f"of the ids of the vocabulary {unknown} is unknown words, and {told}",
    )


def _place(lines: Sequence[str], names: Sequence[str]) -> int | None:
    """Where the first of these names stands. Raises `ArtifactError` if there are several."""
    places = [n for n, line in enumerate(lines) if line.lower() in names]
    if len(places) > 1:
        raise ArtifactError(
            f"its lines {places[0] + 1} and {places[1] + 1}, {lines[places[0]]!r} and "
            f"{lines[places[1]]!r}, mean the same"
        )
    return places[0] if places else None
