"""bothways evaluate: how good a model is on labelled texts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import DataError, listed, require

if TYPE_CHECKING:
    from rich.table import Table

    from bothways.artifact import Spec
    from bothways.data import Dataset
    from bothways.report import Answers


def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    data: Annotated[str, typer.Argument(help="Labelled texts, as for train.")],
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    label_separator: Annotated[str | None, typer.Option(help="What divides several labels in a "
                                                        "cell, such as '|'.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only the texts that training held "
                        "out; DATA must be what the model was trained on.")] = False,
    baseline: Annotated[str | None, typer.Option(metavar="TRAINDATA", help="Train TF-IDF with "
                        "logistic regression on what the model learned from, and compare.")] = None,
    html: Annotated[str | None, typer.Option(help="Write a report to this file, for the "
                                             "browser.")] = None,
    reject_below: Annotated[float | None, typer.Option(min=0, max=1, help="Also: how good the "
                            "answers are that have at least this probability.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Accuracy, log loss, precision, recall and F1 for each label, and the confusion matrix.

    Of a model that gives a text several labels: micro and macro F1, how often all labels are
    right, and Hamming loss."""
    require("sklearn", extra="train", purpose="evaluate")
    from bothways import report
    from bothways.cli._multilabel import rows_for
    from bothways.cli._output import check_html, messages, print_json
    from bothways.cli._rows import read_beside
    from bothways.pages import write_page
    from bothways.runtime import load, refuse_several
    from bothways.storage import without_secrets

    check_html(html)
    shown = without_secrets(data)
    loaded = load(model)
    refuse_several(loaded.spec.network.multilabel, reject_below)
    several = loaded.spec.network.multilabel
    columns = {"text": text, "label": label, "label_separator": label_separator}

    def labelled(source: str) -> Dataset:
        return rows_for(loaded.spec, read_beside(loaded.spec, source, multilabel=True, **columns))

    every = labelled(data)
    rows = held_out_rows(loaded.spec, every) if held_out else every
    check_known_labels(loaded.labels, rows)
    taught = None
    if baseline is not None:
        training = every if _same_file(baseline, data) else labelled(baseline)
        check_known_labels(loaded.labels, training)
        taught = report.baseline_rows(loaded.spec, training, every, held_out=held_out)
    answers: report.Answers | report.SetAnswers
    if several:
        answers = sets = report.answer_sets(loaded, rows, threads)
        figures = report.measure_sets(sets) | report.detail_sets(sets, rows)
    else:
        answers = single = report.answer(loaded, rows, threads)
        figures = report.measure(single) | report.detail(single, rows)
        if reject_below is not None:
            figures["rejection"] = rejection(single, reject_below)
    if answers.truncation.cut_texts:
        messages().print(str(answers.truncation))
    if taught is not None:
        messages().print(f"training the baseline on {len(taught[0]):,} texts ...")
        counting = report.train_baseline(*taught)
        figures["baseline"] = (
            report.compare_sets(counting, rows, sets)
            if several
            else report.compare(counting, rows, single.right)
        )
    if html is not None:
        seen = report.seen_before(loaded.spec, every, held_out=held_out)
        history = report.read_history(model)
        facts = report.report_facts(loaded.spec, model, rows, seen)
        names = {"model": model, "data": shown}
        write_page(html, report.report(figures, history, **names, seen=seen, facts=facts))
        messages().print(f"wrote {html}")
    if json:
        print_json({"model": model, "data": shown, **figures})
        return
    if reject_below is not None:
        _show_rejection(figures["rejection"])
    _show(figures)


def rejection(answers: Answers, reject_below: float) -> dict[str, Any]:
    """How many texts have an answer of at least that probability, and how many of these are right.

    The accuracy is None if none is answered.
    """
    from sklearn.metrics import accuracy_score

    answered = answers.certainty.astype(float) >= reject_below
    right = (
        accuracy_score(answers.truth[answered], answers.guess[answered]) if answered.any() else None
    )
    return {
        "reject_below": reject_below,
        "answered": int(answered.sum()),
        "coverage": float(answered.mean()),
        "accuracy_of_answered": None if right is None else float(right),
    }


def _show_rejection(r: dict[str, Any]) -> None:
    from bothways.cli._output import results

    right = r["accuracy_of_answered"]
    results().print(
        f"with at least the probability {r['reject_below']:g} {r['answered']:,} texts "
        f"({r['coverage']:.1%}) are answered"
        f"{'' if right is None else f', accuracy {right:.4f}'}; the others are unsure\n"
    )


def held_out_rows(spec: Spec, rows: Dataset) -> Dataset:
    """The rows that training held out of the same data, chosen again by the same seed."""
    from bothways.data import training_parts

    validation = spec.training.get("validation")
    parts = None if validation is None else training_parts(rows, spec.training)
    if validation is None or (parts is not None and not len(parts[1])):
        raise DataError("--held-out: the training of this model held nothing out of its data")
    if parts is None:
        raise DataError(
            f"--held-out: {rows.source} is not the data that the model was trained on, so it is "
            "not known which of its rows were held out"
        )
    return rows.take(parts[1])


def check_known_labels(labels: list[str], rows: Dataset) -> None:
    """Refuse rows with a label that is not among a model's, and no rows at all."""
    if not len(rows):
        raise DataError(f"{rows.source}: there are no rows to evaluate on")
    known = set(labels)
    for n, name in ((n, name) for n, names in enumerate(rows.sets or []) for name in names):
        if name not in known:
            raise DataError(
                f"{rows.place(n)}: has the label {name!r}, which the model does not know; "
                f"its labels are {listed(labels)}"
            )


def _same_file(first: str, second: str) -> bool:
    try:
        return first == second or os.path.samefile(first, second)
    except OSError:  # whoever reads it says what is wrong
        return False


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    from bothways.cli._output import results
    from bothways.report import verdict

    console = results()
    console.print(_headline(figures))
    if "baseline" in figures:
        console.print(f"{verdict(figures['baseline'])}\n")
    console.print(label_table(figures["labels"]))
    matrix = figures.get("confusion_matrix")
    if matrix is None:  # of several labels a text
        return
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


def _headline(f: dict[str, Any]) -> str:
    from bothways.training import CALIBRATION_BINS

    several = "micro_f1" in f
    low, high = f["micro_f1_interval" if several else "accuracy_interval"]
    error = f["calibration"]["expected_calibration_error"]
    calibration = f"calibration error {error:.4f} ({CALIBRATION_BINS} bins)"
    loss, texts = f"log loss {f['log_loss']:.4f}", f"texts {f['texts']:,}"
    if several:
        return (
            f"micro F1 {f['micro_f1']:.4f} ({low:.4f} to {high:.4f})   "
            f"macro F1 {f['macro_f1']:.4f}   all labels right {f['accuracy']:.4f}\n"
            f"Hamming loss {f['hamming_loss']:.4f}   {loss}   {calibration}   {texts}\n"
        )
    return (
        f"accuracy {f['accuracy']:.4f} ({low:.4f} to {high:.4f})   {loss}   {texts}\n"
        f"{calibration}   Brier score {f['brier']:.4f}\n"
    )


def label_table(labels: dict[str, Any]) -> Table:
    """Precision, recall, F1 and texts of each label."""
    from rich.table import Table

    table = Table("label", box=None, pad_edge=False)
    for name in ("precision", "recall", "F1", "texts"):
        table.add_column(name, justify="right")
    for label, row in labels.items():
        numbers = (f"{row[key]:.4f}" for key in ("precision", "recall", "f1"))
        table.add_row(label, *numbers, f"{row['support']:,}")
    return table
