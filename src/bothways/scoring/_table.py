"""A table in, the same table out with a model's answers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bothways.errors import DataError, listed, require
from bothways.runtime import Model, refuse_several
from bothways.scoring._answers import Answers, answer
from bothways.scoring._column import find_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

NAMES = ("label", "probability", "model", "error")
"""The columns of the answers, before their prefix."""

PREDICTED = "predicted_"
"""The prefix of the answers' columns beside a table that has one of these names itself."""

# Texts computed at a time: they fill the threads, and what is computed beside them is small.
_TEXTS = 8192


def score_table(
    model: Model,
    table: pa.Table,
    *,
    text: str | None = None,
    prefix: str | None = None,
    reject_below: float | None = None,
    threads: int | None = None,
) -> pa.Table:
    """The `N` rows of `table` with four more columns, what `model` says of their texts.

    `label`: string, or null where its probability is below `reject_below`. `probability`: float32,
    that of the label. Of a model that gives a text several labels, both are lists, the most
    probable first. `model`: the model's `fingerprint`, null of a model that was not loaded
    from a folder. `error`: null, or why the row has no answer: its text is null or its bytes are
    no UTF-8; then `label` and `probability` are null.

    `text` names the column of texts: string, large_string, string_view or a dictionary of them;
    None takes the obvious one, as `bothways.read` does. `prefix` is put before the four names;
    None is `""`, or `"predicted_"` where the table has one of these names. Rows, columns and
    types stay as they are, and a row's answer does not depend on the others: an engine that has a
    table in pieces, such as Spark's `mapInArrow`, gives this function one after another.

    Raises `DataError` for a column of texts that is missing, not obvious or of another type, and
    for names that clash; `ArgumentError` for a `reject_below` as `Model.predict` does; and
    `MissingExtraError` without pyarrow.
    """
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    refuse_several(model.spec.network.multilabel, reject_below)
    schema = table.schema
    column = table.column(find_text(schema, "the table", text))
    names = answer_names(chosen_prefix([schema.names]) if prefix is None else prefix)
    check_names(schema.names, names, "the table")
    parts: list[Answers] = []
    for chunk in column.chunks or [pa.array([], column.type)]:
        for start in range(0, max(1, len(chunk)), _TEXTS):
            texts = plain(chunk.slice(start, _TEXTS))
            parts.append(answer(model, texts, reject_below=reject_below, threads=threads))
    for name, values in zip(names, answer_columns(parts, model.fingerprint), strict=True):
        table = table.append_column(name, values)
    return table


def answer_columns(parts: list[Answers], model: str | None) -> list[pa.ChunkedArray]:
    """The four columns of the answers of `model`, its fingerprint, to one part after another."""
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    of = pa.scalar(model, pa.string())
    return [
        pa.chunked_array([part.label for part in parts]),
        pa.chunked_array([part.probability for part in parts]),
        pa.chunked_array([pa.repeat(of, len(part.error)) for part in parts]),
        pa.chunked_array([part.error for part in parts]),
    ]


def answer_fields(several: bool) -> list[pa.Field]:
    """What these columns hold, named `NAMES`, where a text may have `several` labels or not."""
    pa = require("pyarrow", extra="train", purpose="scoring tables")
    types = [pa.string(), pa.float32(), pa.string(), pa.string()]
    if several:
        types[:2] = [pa.list_(kind) for kind in types[:2]]
    return [pa.field(name, kind) for name, kind in zip(NAMES, types, strict=True)]


def answer_names(prefix: str) -> tuple[str, ...]:
    """The names of the four columns."""
    return tuple(prefix + name for name in NAMES)


def chosen_prefix(tables: Iterable[Sequence[str]]) -> str:
    """`""`, or `PREDICTED` where one of the tables with these columns has one of our names."""
    return PREDICTED if any(set(NAMES) & set(names) for names in tables) else ""


def check_names(columns: Sequence[str], ours: tuple[str, ...], source: str) -> None:
    """Raise `DataError` where a table has a column that the answers would be named as."""
    both = [name for name in ours if name in columns]
    if both:
        raise DataError(
            f"{source}: has {listed(both)} already, and the answers would be named so; give "
            "them a prefix=NAME (--prefix NAME)"
        )
