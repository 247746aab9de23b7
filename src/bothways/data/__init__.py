"""Labelled texts from the files people have, split into parts and into batches.

>>> from bothways.data import batches
>>> [batch.tolist() for batch in batches([5, 2, 9], batch_size=2)]
[[0, 1], [2]]
"""

from __future__ import annotations

from bothways.data._batches import batches
from bothways.data._columns import Columns, text_column
from bothways.data._csv import long_fields
from bothways.data._dataset import (
    Dataset,
    check_label_sets,
    check_labels,
    content_sum,
    fingerprint,
)
from bothways.data._held_out import hash_split, held_out_column, held_out_rows
from bothways.data._pieces import first_columns, read_pieces
from bothways.data._read import read
from bothways.data._split import is_data_of, rarest_labels, split, training_parts
from bothways.storage import (
    Shard,
    check_unchanged,
    find_shards,
    is_shards,
    open_regular,
    show,
)

__all__ = [
    "Columns",
    "Dataset",
    "Shard",
    "batches",
    "check_label_sets",
    "check_labels",
    "check_unchanged",
    "content_sum",
    "find_shards",
    "fingerprint",
    "first_columns",
    "hash_split",
    "held_out_column",
    "held_out_rows",
    "is_data_of",
    "is_shards",
    "long_fields",
    "open_regular",
    "rarest_labels",
    "read",
    "read_pieces",
    "show",
    "split",
    "text_column",
    "training_parts",
]
