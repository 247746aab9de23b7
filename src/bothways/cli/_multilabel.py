"""The answers, and the figures, of a model that gives a text several labels or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bothways.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bothways.artifact import Spec
    from bothways.data import Dataset
    from bothways.runtime import Model

SEPARATOR = "|"
"""Between the labels of a line, and between their probabilities."""


def several(rows: Dataset) -> str:
    """What is said of the labels of rows that may have several: how many there are."""
    sets = rows.label_sets
    if sets is None:
        return ""
    none = sum(not labels for labels in sets)
    mean = sum(map(len, sets)) / len(sets)
    return f" ({mean:.2f} a text{f', {none:,} texts without one' if none else ''})"


def lines(spec: Spec, probabilities: NDArray[np.float32]) -> Iterator[str]:
    """`LABEL|LABEL<TAB>PROBABILITY|PROBABILITY` of each text, a tab alone if it has no label."""
    from bothways.runtime import labels_of

    for row in probabilities:
        found = labels_of(spec, row)
        names = SEPARATOR.join(name for name, _ in found)
        yield f"{names}\t{SEPARATOR.join(f'{p:.4f}' for _, p in found)}\n"


def rows_for(spec: Spec, rows: Dataset) -> Dataset:
    """The rows with sets of labels where the model gives sets.

    Raises `DataError` where it gives one label, and rows have several.
    """
    if spec.task == "multilabel":
        return replace(rows, labels=None, label_sets=rows.sets)
    if rows.label_sets is not None:
        raise DataError(f"{rows.source}: a text has several labels, and the model gives one")
    return rows


def evaluate(
    model: Model, rows: Dataset, names: dict[str, Any], threads: int | None, json: bool
) -> None:
    """Print the figures of `model` on `rows`, under the `names` of both if as JSON."""
    from bothways.cli._output import messages, print_json

    figures, truncation = measure(model, rows, threads)
    if truncation.cut_texts:
        messages().print(str(truncation))
    if json:
        print_json({**names, **figures})
    else:
        show(figures)


def measure(model: Model, rows: Dataset, threads: int | None = None) -> tuple[dict[str, Any], Any]:
    """The figures of `model` on `rows`, all from scikit-learn, and what was cut off."""
    import numpy as np
    from sklearn.metrics import (
        accuracy_score,
        f1_score,
        hamming_loss,
        precision_recall_fscore_support,
    )

    from bothways.cli._evaluate import label_figures
    from bothways.runtime import present
    from bothways.training import log_loss

    place = {name: n for n, name in enumerate(model.labels)}
    truth = np.zeros((len(rows), len(place)), np.bool_)
    for n, names in enumerate(rows.label_sets or []):
        truth[n, [place[name] for name in names]] = True
    ids, truncation = model.encode(rows.texts, threads=threads)
    probabilities = model.network.probabilities(ids, threads=threads)
    guess = present(probabilities, model.spec)
    parts = precision_recall_fscore_support(truth, guess, zero_division=0.0)
    figures = {
        "texts": len(truth),
        "micro_f1": float(f1_score(truth, guess, average="micro", zero_division=0.0)),
        "macro_f1": float(f1_score(truth, guess, average="macro", zero_division=0.0)),
        "accuracy": float(accuracy_score(truth, guess)),
        "hamming_loss": float(hamming_loss(truth, guess)),
        "log_loss": log_loss(truth, probabilities),
        "labels": label_figures(model.labels, parts),
    }
    return figures, truncation


def show(figures: dict[str, Any]) -> None:
    """Print what `measure` found."""
    from bothways.cli._evaluate import label_table
    from bothways.cli._output import results

    f, console = figures, results()
    console.print(
        f"micro F1 {f['micro_f1']:.4f}   macro F1 {f['macro_f1']:.4f}   all labels right "
        f"{f['accuracy']:.4f}\nHamming loss {f['hamming_loss']:.4f}   log loss "
        f"{f['log_loss']:.4f}   texts {f['texts']:,}\n"
    )
    console.print(label_table(f["labels"]))
