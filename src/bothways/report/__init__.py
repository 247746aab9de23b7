"""The report of a model: its figures with their intervals, a baseline beside it, one page.

answers = answer(model, rows)
figures = detail(answers, rows)
figures["baseline"] = compare(train_baseline(training, same_texts=True), rows, answers.right)
html = report(figures, read_history(folder), ...)
"""

from __future__ import annotations

from bothways.report._answers import Answers, answer
from bothways.report._baseline import Baseline, baseline_rows, compare, train_baseline
from bothways.report._detail import detail
from bothways.report._facts import report_facts, seen_before
from bothways.report._history import read_history
from bothways.report._page import report, verdict
from bothways.report._threshold import find_threshold

__all__ = [
    "Answers",
    "Baseline",
    "answer",
    "baseline_rows",
    "compare",
    "detail",
    "find_threshold",
    "read_history",
    "report",
    "report_facts",
    "seen_before",
    "train_baseline",
    "verdict",
]
