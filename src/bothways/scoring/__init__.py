"""Whole tables and folders of shards through a model: every row in, every row out.

NumPy, pyarrow and the runtime: no torch, no scikit-learn.
"""

from __future__ import annotations

from bothways.scoring._answers import Cost
from bothways.scoring._local import Done
from bothways.scoring._plan import Plan
from bothways.scoring._run import ENGINES, Summary, Watcher, score
from bothways.scoring._table import score_table

__all__ = ["ENGINES", "Cost", "Done", "Plan", "Summary", "Watcher", "score", "score_table"]
