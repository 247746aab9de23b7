"""Files wherever they are: here, in a store or on standard input, compressed or not, one or many.

>>> from bothways.storage import format_of
>>> format_of("s3://bucket/reviews.csv.gz"), format_of("notes.md")
('csv', None)
"""

from __future__ import annotations

from bothways.storage._files import open_regular
from bothways.storage._names import FORMATS, format_of, show, without_file, without_secrets
from bothways.storage._open import open_anywhere, open_bytes, open_text, read_text
from bothways.storage._shards import Shard, check_unchanged, find_shards, is_shards
from bothways.storage._stdin import standard_input, stdin_format

__all__ = [
    "FORMATS",
    "Shard",
    "check_unchanged",
    "find_shards",
    "format_of",
    "is_shards",
    "open_anywhere",
    "open_bytes",
    "open_regular",
    "open_text",
    "read_text",
    "show",
    "standard_input",
    "stdin_format",
    "without_file",
    "without_secrets",
]
