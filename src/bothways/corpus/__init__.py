"""Texts that need not fit into memory: shards as ids on disk, in blocks that are read at random.

They are read twice, to count words and labels and to turn texts into ids, and the ids are kept
in a cache for the next training on the same data.
"""

from bothways.corpus._blocks import BLOCK, ROW, Blocks, Rows
from bothways.corpus._folder import Cache, cache_root, caches, remove
from bothways.corpus._make import Corpus, Progress, open_corpus
from bothways.corpus._plan import Input, Plan
from bothways.corpus._runs import Words
from bothways.corpus._tally import Tally

__all__ = [
    "BLOCK",
    "ROW",
    "Blocks",
    "Cache",
    "Corpus",
    "Input",
    "Plan",
    "Progress",
    "Rows",
    "Tally",
    "Words",
    "cache_root",
    "caches",
    "open_corpus",
    "remove",
]
