"""The report as one page."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from bothways.pages import render
from bothways.report import _charts as charts

MATRIX = 12
"""Labels at most whose confusion matrix is read well as a table."""
CONFUSIONS = 10
CHARACTERS = 6_000
"""Of an error's text at most, half from its beginning and half from its end."""


def report(
    figures: dict[str, Any],
    history: list[dict[str, Any]],
    *,
    model: str,
    data: str,
    seen: str,
    facts: list[tuple[str, str]],
) -> str:
    """The page of an evaluation.

    `figures` are those of `evaluate --json`, with a `baseline` or without; `history` that of
    `read_history`; `model` and `data` their names; `seen` is
    what `seen_before` says; `facts` go to the end, by name.

    Raises `MissingExtraError` without jinja2 or matplotlib.
    """
    several = "micro_f1" in figures
    name, key, valid = (
        ("Micro F1", "micro_f1", "valid_f1")
        if several
        else ("Accuracy", "accuracy", "valid_accuracy")
    )
    baseline = figures.get("baseline")
    compared = [("this model", figures[key], figures[f"{key}_interval"])]
    if baseline:
        compared.append(("TF-IDF baseline", baseline[key], baseline[f"{key}_interval"]))
    texts = "1 text" if figures["texts"] == 1 else f"{figures['texts']:,} texts"
    labels = "1 label" if len(figures["labels"]) == 1 else f"{len(figures['labels'])} labels"
    curved = bool(figures["precision_recall"])  # where any text has a label
    rated = bool(history) and history[-1].get(valid) is not None
    return render(
        Path(__file__).parent / ("report_sets.html" if several else "report.html"),
        title=f"How good is {Path(model).name or model}?",
        subtitle=f"{texts} of {Path(data).name or data}, with {labels}",
        date=f"{datetime.date.today():%-d %B %Y}",
        figures=figures,
        figure_name=name,
        seen=seen,
        baseline=baseline,
        verdict=verdict(baseline) if baseline else "",
        versus=charts.versus(compared, name),
        losses=charts.losses(history) if history else None,
        accuracies=charts.accuracies(history, valid) if rated else None,
        calibration=charts.calibration(figures["calibration"]["bins"], several),
        lengths=charts.lengths(figures["by_length"], key),
        curves=charts.precision_recall(figures["precision_recall"]) if curved else None,
        curves_shown=charts.MOST_CURVES,
        per_label=sorted(figures["labels"].items(), key=lambda item: item[1]["f1"]),
        errors=[error | {"text": _shown(error["text"])} for error in figures["confident_errors"]],
        facts=facts,
        **(_of_sets(figures) if several else _of_one_label(figures)),
    )


def _of_one_label(figures: dict[str, Any]) -> dict[str, Any]:
    """What is shown only where each text has one label."""
    matrix = figures["confusion_matrix"]
    support = {name: row["support"] for name, row in figures["labels"].items()}
    commonest = max(support, key=lambda name: support[name])
    return {
        "right": sum(row[n] for n, row in enumerate(matrix["counts"])),
        "commonest": commonest,
        "commonest_share": support[commonest] / figures["texts"],
        "coverage": charts.coverage(figures["coverage"]),
        "matrix": _shares(matrix) if len(support) <= MATRIX else None,
        "confusions": _confusions(matrix),
    }


def _of_sets(figures: dict[str, Any]) -> dict[str, Any]:
    """What is shown only where a text may have several labels."""
    return {
        "labels_a_text": charts.labels_a_text(figures["labels_a_text"]),
        "instead": [
            (row["missed"], row["given"], *_of(row["texts"], row["texts_with_the_label"]))
            for row in figures["given_instead"]
        ],
    }


def verdict(baseline: dict[str, Any]) -> str:
    """Who is better, in plain words, as far as the texts can tell: in accuracy, or in micro F1
    where a text may have several labels."""
    low, high = (100 * end for end in baseline["difference_interval"])
    what = " of micro F1" if "micro_f1" in baseline else ""
    points = f"{abs(100 * baseline['difference']):.1f} percentage points{what}"
    if low > 0:
        return f"The model is better by {points} (95 % interval: {low:.1f} to {high:.1f})."
    if high < 0:
        return (
            f"The baseline is better by {points} (95 % interval: {-high:.1f} to {-low:.1f}): "
            "on texts like these the model does not earn its place."
        )
    return (
        "These texts cannot tell which of the two is better: the model by "
        f"{high:.1f} percentage points{what} or the baseline by {-low:.1f} are both within the "
        "95 % interval."
    )


def _shown(text: str) -> str:
    left_out = len(text) - CHARACTERS
    if left_out <= 0:
        return text
    half = CHARACTERS // 2
    return f"{text[:half]} [ {left_out:,} characters are left out here ] {text[-half:]}"


def _shares(matrix: dict[str, Any]) -> list[tuple[str, list[tuple[int, float]]]]:
    """Rows of the matrix: the label, and for each cell its count and its share of the row."""
    return [
        (label, [(count, count / max(1, sum(counts))) for count in counts])
        for label, counts in zip(matrix["labels"], matrix["counts"], strict=True)
    ]


def _confusions(matrix: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The most frequent errors: true label, predicted label, texts, share of the true label."""
    labels = matrix["labels"]
    found = [
        (count, labels[t], labels[p], sum(counts))
        for t, counts in enumerate(matrix["counts"])
        for p, count in enumerate(counts)
        if count and t != p
    ]
    most = sorted(found, key=lambda row: -row[0])[:CONFUSIONS]
    return [(t, p, *_of(count, texts)) for count, t, p, texts in most]


def _of(count: int, texts: int) -> tuple[str, str]:
    return f"{count:,}", f"{100 * count / texts:.1f}\u00a0%"
