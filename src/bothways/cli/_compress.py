"""bothways compress: a smaller model, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import ArgumentError

if TYPE_CHECKING:
    from bothways.data import Dataset


def compress(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    out: Annotated[str, typer.Option(help="The smaller model folder to write.")],
    max_size: Annotated[str | None, typer.Option(help="Of the whole folder, such as 5MB, 500kB or "
                        "1MiB: words are dropped until it fits.")] = None,
    data: Annotated[str | None, typer.Option(help="Texts to measure on what it costs; with "
                                             "labels, the accuracy too.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    label_separator: Annotated[str | None, typer.Option(help="What divides several labels in a "
                                                        "cell, such as '|'.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only the texts that training held "
                        "out; --data must be what the model was trained on.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a model that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Store a model in 8 bits, with as many words as fit a size."""
    from bothways import artifact, compression
    from bothways._amounts import parse_size
    from bothways.cli._output import messages, print_json

    limit = None if max_size is None else parse_size(max_size)
    artifact.check_writable(out, overwrite=overwrite)
    rows = _rows(model, data, text, label, label_separator, held_out)
    facts = compression.compress(
        *(model, out),
        max_size=limit,
        texts=rows.texts if rows else None,
        labels=(rows.labels or rows.label_sets) if rows else None,
        source=f"{rows.source}{', held out' if held_out else ''}" if rows else "",
        overwrite=overwrite,
        threads=threads,
    )
    if json:
        print_json({"model": model, "out": out, **facts})
        return
    console = messages()
    console.print(
        f"kept {facts['tokens']:,} of {facts['tokens_before']:,} tokens: {facts['bytes']:,} bytes, "
        f"before {facts['bytes_before']:,}"
    )
    console.print(_cost(facts.get("measured")))
    console.print(f"saved {out}")


def _rows(
    model: str,
    data: str | None,
    text: str | None,
    label: str | None,
    label_separator: str | None,
    held_out: bool,
) -> Dataset | None:
    """The texts to measure on, with labels where they have some."""
    from bothways import artifact
    from bothways.cli._evaluate import check_known_labels, held_out_rows
    from bothways.cli._multilabel import rows_for
    from bothways.cli._rows import read_beside

    if data is None:
        options = {"--text": text, "--label": label, "--label-separator": label_separator}
        for name, given in {**options, "--held-out": held_out}.items():
            if given:
                raise ArgumentError(f"{name} is about the texts of --data, which was not given")
        return None
    spec, _ = artifact.load(model)
    rows = read_beside(
        spec,
        data,
        text=text,
        label=label,
        multilabel=True,
        label_separator=label_separator,
        need_labels=held_out,
    )
    rows = rows_for(spec, rows)
    if held_out:
        rows = held_out_rows(spec, rows)
    check_known_labels(list(spec.labels), rows)
    return rows


def _cost(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return "what that costs was not measured: give texts with --data"
    m = measured
    answers = (
        f"on {m['texts']:,} texts {m['same_label']:.2%} keep their label; a probability moves by "
        f"{m['mean_change']:.4f} on average and {m['largest_change']:.4f} at most"
    )
    if "accuracy" not in m:
        return f"{answers}; without labels the accuracy is not known"
    return "{}\naccuracy {:.4f} before, {:.4f} after".format(answers, *m["accuracy"])
