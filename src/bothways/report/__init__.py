"""The report of a model: its figures with their intervals, a baseline beside it, one page.

answers = answer(model, rows)
figures = measure(answers) | detail(answers, rows)
figures["baseline"] = compare(train_baseline(training, same_texts=True), rows, answers.right)
html = report(figures, read_history(folder), ...)

Where a text may have several labels, the same with `answer_sets`, `measure_sets`, `detail_sets`
and `compare_sets` (of the answers).
"""

from __future__ import annotations

from bothways.report._answers import Answers, answer, measure
from bothways.report._baseline import (
    Baseline,
    baseline_rows,
    compare,
    compare_sets,
    train_baseline,
)
from bothways.report._detail import detail
from bothways.report._facts import report_facts, seen_before
from bothways.report._history import read_history
from bothways.report._page import report, verdict
from bothways.report._several import SetAnswers, answer_sets, detail_sets, measure_sets
from bothways.report._threshold import find_threshold

__all__ = [
    "Answers",
    "Baseline",
    "SetAnswers",
    "answer",
    "answer_sets",
    "baseline_rows",
    "compare",
    "compare_sets",
    "detail",
    "detail_sets",
    "find_threshold",
    "measure",
    "measure_sets",
    "read_history",
    "report",
    "report_facts",
    "seen_before",
    "train_baseline",
    "verdict",
]
