"""Whole tables and folders of shards through a model: every row in, every row out.

NumPy, pyarrow and the runtime: no torch, no scikit-learn.
"""

from __future__ import annotations

from bothways.scoring._table import score_table

__all__ = ["score_table"]
