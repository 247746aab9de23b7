"""bothways threshold: when to give a label, for a wanted precision or recall."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bothways.errors import ArgumentError, DataError, listed, require

if TYPE_CHECKING:
    from bothways.artifact import Spec

_ROW = "| threshold of "


def threshold(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    data: Annotated[str | None, typer.Argument(help="Labelled texts that the model has not "
                                               "learned from.")] = None,
    of: Annotated[str | None, typer.Option("--for", help="The label to find a threshold "
                                           "for.")] = None,
    precision: Annotated[float | None, typer.Option(help="At least so many of the texts that get "
                                                    "the label shall have it: 0.95.")] = None,
    recall: Annotated[float | None, typer.Option(help="At least so many of the texts that have the "
                                                 "label shall get it: 0.9.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only the texts that training held "
                        "out; DATA must be what the model was trained on.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Store it in the model: predict and "
                                       "evaluate then use it.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Remove the threshold that is stored in "
                                        "the model.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Find the probability from which on to give a label."""
    from bothways import artifact
    from bothways.cli._output import messages, print_json

    if reset:
        if data or of or precision or recall or save:
            raise typer.BadParameter("--reset expects nothing but the model")
        artifact.respec(model, lambda spec: replace(spec, thresholds={}), with_row)
        messages().print(f"{model}: predict gives the most probable label again")
        return
    if data is None or of is None:
        raise typer.BadParameter("expected DATA, and a label with --for")
    wanted: Literal["precision", "recall"] = "precision" if recall is None else "recall"
    least = precision if recall is None else recall
    if least is None or (precision is not None and recall is not None):
        raise typer.BadParameter("expected one of --precision and --recall")
    if not 0 < least <= 1:
        raise typer.BadParameter(f"--{wanted}: expected above 0 and at most 1, got {least:g}")
    require("sklearn", extra="train", purpose="threshold")
    import numpy as np

    from bothways.cli._evaluate import check_known_labels, held_out_rows
    from bothways.cli._rows import read_beside
    from bothways.report import find_threshold, seen_before
    from bothways.runtime import load
    from bothways.storage import without_secrets

    loaded = load(model)
    _check(loaded.spec, model, of)
    if save:
        artifact.check_writable(model, overwrite=True)
    rows = every = read_beside(loaded.spec, data, text=text, label=label)
    if held_out:
        rows = held_out_rows(loaded.spec, every)
    elif seen_before(loaded.spec, every, held_out=False) == "trained on":
        raise DataError(
            f"{rows.source}: the model was trained on it, and is surer of these texts than of "
            "others; give other texts, or --held-out"
        )
    check_known_labels(loaded.labels, rows)
    scores = loaded.predict_proba(rows.texts, threads=threads)[:, loaded.labels.index(of)]
    has = np.array([name == of for name in rows.labels or []])
    try:
        found = find_threshold(scores, has, wanted, least)
    except ArgumentError as error:
        raise DataError(f"{rows.source}, label {of!r}: {error}") from None
    facts = {"label": of, wanted + "_wanted": least, **found}
    if save:
        row = f"{_ROW}`{of}` | {sentence(found)} |"
        artifact.respec(
            model,
            lambda spec: replace(spec, thresholds={of: found["threshold"]}),
            lambda card: with_row(card, row),
        )
    if json:
        print_json({"model": model, "data": without_secrets(data), **facts, "saved": save})
    else:
        _show(of, found)
    console = messages()
    console.print("the same texts chose it, so these figures are a little optimistic")
    if save:
        console.print(f"saved in {model}; predict gives {of!r} from this probability on")


def sentence(found: dict[str, Any]) -> str:
    """A threshold and what it reaches, on one line."""
    return (
        f"{found['threshold']:.4f}: precision {found['precision']:.4f} "
        "({:.4f} to {:.4f}), ".format(*found["precision_interval"])
        + f"recall {found['recall']:.4f} "
        + "({:.4f} to {:.4f}) ".format(*found["recall_interval"])
        + f"on the {found['texts']:,} texts that chose it"
    )


def with_row(card: str, row: str | None = None) -> str:
    """A card with this row, if any, at the end of its table, and no other about a threshold."""
    lines = [line for line in card.splitlines() if not line.startswith(_ROW)]
    last = max((n for n, line in enumerate(lines) if line.startswith("|")), default=-1)
    if row is not None:
        lines.insert(last + 1, row)
    return "\n".join(lines) + "\n"


def _check(spec: Spec, model: str, of: str) -> None:
    if spec.task != "classification":
        raise ArgumentError(
            f"{model}: gives a text several labels, each from the probability one half on; "
            "threshold expects a model that gives a text one label"
        )
    if of not in spec.labels:
        known = listed(spec.labels)
        raise ArgumentError(f"--for: the model has no label {of!r}; its labels are {known}")


def _show(of: str, found: dict[str, Any]) -> None:
    from bothways.cli._output import results

    console = results()
    console.print(f"threshold of {of!r}: {found['threshold']:.4f}")
    lines = (
        ("precision", f"{found['right']:,} of {found['given']:,} that get it"),
        ("recall", f"{found['right']:,} of {found['texts_with_the_label']:,} that have it"),
    )
    for name, counts in lines:
        low, high = found[f"{name}_interval"]
        console.print(f"{name:10} {found[name]:.4f} ({low:.4f} to {high:.4f})   {counts}")
    console.print(f"texts      {found['texts']:,}")
