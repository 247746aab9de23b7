"""A shard on its way through a model: what every format does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bothways.scoring._answers import Answers

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_ROWS = 8192
"""Rows of a piece, at most."""

PIECE_BYTES = 32 << 20
"""Bytes after which a piece of long texts ends sooner."""


class Piece(NamedTuple):
    """Some rows of a shard: `rows` as `Form.write` takes them; their `texts`, null where there
    is none to score, and why, by row, where that is not just a null."""

    rows: Any
    texts: pa.Array
    errors: Mapping[int, str]


class Form(ABC):
    """The rows of one shard, read in pieces, and written again with the answers beside them.

    `columns` are the names that are there before ours; in JSON Lines those of the first rows.
    Reading and writing are called in turns, writing a few pieces later. Reading raises
    `DataError` for what cannot be read; a row that is at fault is in its piece, with an error.
    """

    columns: Sequence[str]

    @abstractmethod
    def text(self, asked: str | None) -> str:
        """The column of the texts, the obvious one if none is asked for. Raises `DataError`."""

    @abstractmethod
    def pieces(self, text: str, names: tuple[str, ...]) -> Iterator[Piece]:
        """All rows in order, in bounded memory. Raises `DataError` where a row has a column of
        its own among `names`, those of ours."""

    @abstractmethod
    def begin(self, sink: Any, names: tuple[str, ...], fields: list[pa.Field]) -> None:
        """Write what comes before the rows; `fields` are our columns, `names` their names."""

    @abstractmethod
    def write(self, rows: Any, answers: list[Answers], model: str | None) -> None:
        """Write one piece, whose answers come in one or more parts."""

    @abstractmethod
    def end(self) -> None:
        """Write what comes after the rows."""
