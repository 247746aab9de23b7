"""bothways evaluate: how good a model is on labelled texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import DataError, require

if TYPE_CHECKING:
    from bothways.artifact import Spec
    from bothways.data import Dataset
    from bothways.runtime import Model


def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    data: Annotated[str, typer.Argument(help="Labelled texts, as for train.")],
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only the texts that training held "
                        "out; DATA must be what the model was trained on.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Accuracy, log loss, precision, recall and F1 for each label, and the confusion matrix."""
    require("sklearn", extra="train", purpose="evaluate")
    from bothways.cli._output import messages, print_json
    from bothways.data import read
    from bothways.runtime import load

    loaded = load(model)
    rows = read(data, text=text, label=label)
    if held_out:
        rows = held_out_rows(loaded.spec, rows)
    check_known_labels(loaded.labels, rows)
    figures, truncation = measure(loaded, rows, threads)
    if truncation.cut_texts:
        messages().print(str(truncation))
    if json:
        print_json({"model": model, "data": data, **figures})
    else:
        _show(figures)


def measure(model: Model, rows: Dataset, threads: int | None = None) -> tuple[dict[str, Any], Any]:
    """The figures of `model` on `rows`, all from scikit-learn, and what was cut off."""
    import numpy as np
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        log_loss,
        precision_recall_fscore_support,
    )

    place = {name: n for n, name in enumerate(model.labels)}
    truth = np.array([place[name] for name in rows.labels or []])
    ids, truncation = model.encode(rows.texts, threads=threads)
    probabilities = model.network.probabilities(ids, threads=threads).astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    guess, every = probabilities.argmax(axis=1), np.arange(len(model.labels))
    parts = precision_recall_fscore_support(truth, guess, labels=every, zero_division=0.0)
    per_label = {
        name: dict(
            zip(("precision", "recall", "f1"), (float(p[n]) for p in parts[:3]), strict=True),
            support=int(parts[3][n]),
        )
        for n, name in enumerate(model.labels)
    }
    figures = {
        "texts": len(truth),
        "accuracy": float(accuracy_score(truth, guess)),
        "log_loss": float(log_loss(truth, probabilities, labels=every)),
        "labels": per_label,
        "confusion_matrix": {
            "rows": "true label",
            "columns": "predicted label",
            "labels": model.labels,
            "counts": confusion_matrix(truth, guess, labels=every).tolist(),
        },
    }
    return figures, truncation


def held_out_rows(spec: Spec, rows: Dataset) -> Dataset:
    """The rows that training held out of the same data, chosen again by the same seed."""
    from bothways.data import fingerprint, split

    facts = spec.training
    if facts.get("validation") is None:
        raise DataError("--held-out: the training of this model held nothing out of its data")
    if facts.get("fingerprint") != fingerprint(rows):
        raise DataError(
            f"--held-out: {rows.source} is not the data that the model was trained on, so it is "
            "not known which of its rows were held out"
        )
    return rows.take(split(rows.labels or [], facts["validation"], facts["seed"])[1])


def check_known_labels(labels: list[str], rows: Dataset) -> None:
    """Refuse rows with a label that is not among a model's, and no rows at all."""
    if not len(rows):
        raise DataError(f"{rows.source}: there are no rows to evaluate on")
    for n, name in enumerate(rows.labels or []):
        if name not in labels:
            known = ", ".join(map(repr, labels[:10]))
            raise DataError(
                f"{rows.place(n)}: has the label {name!r}, which the model does not know; "
                f"its labels are {known}{', ...' if len(labels) > 10 else ''}"
            )


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from bothways.cli._output import results

    console = results()
    console.print(
        f"accuracy {figures['accuracy']:.4f}   log loss {figures['log_loss']:.4f}   "
        f"texts {figures['texts']:,}\n"
    )
    table = Table("label", box=None, pad_edge=False)
    for name in ("precision", "recall", "F1", "texts"):
        table.add_column(name, justify="right")
    for label, row in figures["labels"].items():
        numbers = (f"{row[key]:.4f}" for key in ("precision", "recall", "f1"))
        table.add_row(label, *numbers, f"{row['support']:,}")
    console.print(table)
    matrix = figures["confusion_matrix"]
    if len(matrix["labels"]) > 12:
        console.print("\nthe confusion matrix is in --json")
        return
    console.print("\nrows: true label, columns: predicted label")
    table = Table("", box=None, pad_edge=False)
    for label in matrix["labels"]:
        table.add_column(label, justify="right")
    for label, counts in zip(matrix["labels"], matrix["counts"], strict=True):
        table.add_row(label, *(f"{count:,}" for count in counts))
    console.print(table)
