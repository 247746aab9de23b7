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
                                           "for; of a model of several, all if not given.")] = None,
    precision: Annotated[float | None, typer.Option(help="At least so many of the texts that get "
                                                    "the label shall have it: 0.95.")] = None,
    recall: Annotated[float | None, typer.Option(help="At least so many of the texts that have the "
                                                 "label shall get it: 0.9.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    label_separator: Annotated[str | None, typer.Option(help="What divides several labels in a "
                                                        "cell.")] = None,
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
        several = artifact.load(model)[0].network.multilabel
        artifact.respec(model, lambda spec: replace(spec, thresholds={}), with_rows)
        given = "each label from one half on" if several else "the most probable label"
        messages().print(f"{model}: predict gives {given} again")
        return
    if data is None:
        raise typer.BadParameter("expected DATA")
    wanted: Literal["precision", "recall"] = "precision" if recall is None else "recall"
    least = precision if recall is None else recall
    if least is None or (precision is not None and recall is not None):
        raise typer.BadParameter("expected one of --precision and --recall")
    if not 0 < least <= 1:
        raise typer.BadParameter(f"--{wanted}: expected above 0 and at most 1, got {least:g}")
    require("sklearn", extra="train", purpose="threshold")
    import numpy as np

    from bothways.cli import _multilabel as multilabel
    from bothways.cli._evaluate import check_known_labels, held_out_rows
    from bothways.cli._rows import read_beside
    from bothways.report import find_threshold, seen_before
    from bothways.runtime import load
    from bothways.storage import without_secrets

    loaded = load(model)
    names = _names(loaded.spec, of)
    if save:
        artifact.check_writable(model, overwrite=True)
    columns = {"text": text, "label": label, "label_separator": label_separator}
    every = read_beside(loaded.spec, data, multilabel=True, **columns)
    rows = every = multilabel.rows_for(loaded.spec, every)
    if held_out:
        rows = held_out_rows(loaded.spec, every)
    elif seen_before(loaded.spec, every, held_out=False) == "trained on":
        raise DataError(
            f"{rows.source}: the model was trained on it, and is surer of these texts than of "
            "others; give other texts, or --held-out"
        )
    check_known_labels(loaded.labels, rows)
    probabilities = loaded.predict_proba(rows.texts, threads=threads)
    found, without = {}, {}
    for name in names:
        scores = probabilities[:, loaded.labels.index(name)]
        has = np.array([name in sets for sets in rows.sets or []])
        try:
            found[name] = find_threshold(scores, has, wanted, least)
        except ArgumentError as error:
            if of is not None:
                raise DataError(f"{rows.source}, label {name!r}: {error}") from None
            without[name] = str(error)
    if not found:
        raise DataError(
            f"{rows.source}: no label gets a threshold; {names[0]!r}: {without[names[0]]}"
        )
    if save:
        _save(model, found, keep=loaded.spec.network.multilabel)
    if json:
        facts = [{"label": name, wanted + "_wanted": least, **f} for name, f in found.items()]
        of_all = {"thresholds": facts, "without": without} if of is None else facts[0]
        print_json({"model": model, "data": without_secrets(data), **of_all, "saved": save})
    else:
        for name, its in found.items():
            _show(name, its)
    console = messages()
    for name, why in without.items():
        console.print(f"{name!r} is left as it is: {why}")
    console.print("the same texts chose it, so these figures are a little optimistic")
    if save:
        given = "each label" if of is None else repr(of)
        console.print(f"saved in {model}; predict gives {given} from this probability on")


def sentence(found: dict[str, Any]) -> str:
    """A threshold and what it reaches, on one line."""
    return (
        f"{found['threshold']:.4f}: precision {found['precision']:.4f} "
        "({:.4f} to {:.4f}), ".format(*found["precision_interval"])
        + f"recall {found['recall']:.4f} "
        + "({:.4f} to {:.4f}) ".format(*found["recall_interval"])
        + f"on the {found['texts']:,} texts that chose it"
    )


def _save(model: str, found: dict[str, dict[str, Any]], *, keep: bool) -> None:
    """The thresholds in the spec and on the card; with `keep` those of other labels stay."""
    from bothways import artifact

    rows = {f"{_ROW}`{name}` |": f" {sentence(its)} |" for name, its in found.items()}
    thresholds = {name: its["threshold"] for name, its in found.items()}
    artifact.respec(
        model,
        lambda spec: replace(
            spec, thresholds={**spec.thresholds, **thresholds} if keep else thresholds
        ),
        lambda card: with_rows(card, rows, keep=keep),
    )


def with_rows(card: str, rows: dict[str, str] | None = None, *, keep: bool = False) -> str:
    """A card with these rows, by how they begin, at the end of its table; no others about
    thresholds, or, with `keep`, those of other labels."""
    rows = rows or {}
    gone = tuple(rows) if keep else (_ROW,)
    lines = [line for line in card.splitlines() if not line.startswith(gone)]
    last = max((n for n, line in enumerate(lines) if line.startswith("|")), default=-1)
    lines[last + 1 : last + 1] = [begin + rest for begin, rest in rows.items()]
    return "\n".join(lines) + "\n"


def _names(spec: Spec, of: str | None) -> list[str]:
    """The labels to find thresholds for."""
    if of is None:
        if spec.task == "multilabel":
            return list(spec.labels)
        raise typer.BadParameter("expected a label with --for")
    if of not in spec.labels:
        known = listed(spec.labels)
        raise ArgumentError(f"--for: the model has no label {of!r}; its labels are {known}")
    return [of]


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
