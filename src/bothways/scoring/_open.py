"""A shard's rows, by its suffix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bothways.errors import DataError
from bothways.scoring._csv import CsvForm
from bothways.scoring._form import Form
from bothways.scoring._jobs import Job
from bothways.scoring._jsonl import JsonlForm
from bothways.scoring._parquet import ParquetForm
from bothways.storage import Shard, format_of, open_anywhere, open_bytes


@contextmanager
def open_form(shard: Shard) -> Iterator[Form]:
    """The rows of a shard, to be read within. Raises `DataError`."""
    kind, name = format_of(shard.url), shard.name
    if kind == "parquet":
        with open_anywhere(shard) as file:
            yield ParquetForm(file, name)
        return
    with open_bytes(shard) as file:
        if kind == "jsonl":
            yield JsonlForm(file, name)
        elif kind in ("csv", "tsv"):
            yield CsvForm(file, name, "," if kind == "csv" else "\t")
        else:
            raise DataError(f"{name}: is {kind}, expected parquet, csv, tsv or jsonl")


def peek(job: Job, text: str | None) -> tuple[str, list[str]]:
    """The text column of a shard, and all its columns. Raises `DataError`."""
    with open_form(job.shard) as form:
        return form.text(text), list(form.columns)
