"""A shard in pieces, so that it need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

from bothways.data._dataset import Dataset
from bothways.data._read import read
from bothways.data._shards import Shard, check_unchanged


def read_pieces(
    shard: Shard,
    *,
    text: str | None = None,
    label: str | None = None,
    weight: str | None = None,
    multilabel: bool = False,
    label_separator: str | None = None,
    need_labels: bool = True,
    rows: int = 8192,
) -> Iterator[Dataset]:
    """The rows of a shard in order, in pieces of at most `rows`; the options are those of `read`.

    Raises `DataError` as `read` does, and if the shard changed since it was listed.
    """
    check_unchanged(shard)
    everything = read(
        shard.url,
        text=text,
        label=label,
        weight=weight,
        multilabel=multilabel,
        label_separator=label_separator,
        need_labels=need_labels,
    )
    for start in range(0, len(everything), rows):
        yield everything.take(range(start, min(start + rows, len(everything))))
    check_unchanged(shard)
