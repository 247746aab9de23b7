"""bothways read: how a model judges texts while they come in."""

from __future__ import annotations

from typing import Annotated

import typer

from bothways.errors import ArgumentError


def read(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    data: Annotated[str, typer.Argument(help="Labelled texts, as for evaluate.")],
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only the texts that training held "
                        "out; DATA must be what the model was trained on.")] = False,
    lookahead: Annotated[list[int] | None, typer.Option(min=0, help="Answers so many tokens late "
                                                        "too; may be given again. A model that "
                                                        "was trained so has its own.")] = None,
    beside: Annotated[str | None, typer.Option(help="A model that reads forward, or looks "
                                               "ahead, to set beside.")] = None,
    by: Annotated[str, typer.Option(help="Read how far: share (of a text) or words.")] = "share",
    most: Annotated[int, typer.Option(min=1, help="Texts to read at most, drawn by "
                                      "chance.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of that chance.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="Texts to list that hindsight turned "
                                      "around, on the page and in --json.")] = 10,
    html: Annotated[str | None, typer.Option(help="Write a page for the browser too.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Tell how good answers are by words read, how late they settle, and what hindsight turned."""
    if by not in ("share", "words"):
        raise typer.BadParameter(f"--by: expected share or words, got {by!r}")
    from rich.progress import Progress

    from bothways.cli._evaluate import check_known_labels, held_out_rows
    from bothways.cli._output import check_html, messages, print_json, results
    from bothways.cli._rows import read_beside
    from bothways.explain import read_along, readings_page, show_readings
    from bothways.pages import write_page
    from bothways.runtime import load
    from bothways.storage import without_secrets

    check_html(html)
    loaded = load(model)
    other = None if beside is None else load(beside)
    if other is not None and set(other.labels) != set(loaded.labels):
        raise ArgumentError(f"{beside}: has other labels than {model}")
    rows = read_beside(loaded.spec, data, text=text, label=label)
    if held_out:
        rows = held_out_rows(loaded.spec, rows)
    check_known_labels(loaded.labels, rows)
    if len(rows) > most:
        import numpy as np

        rows = rows.take(np.sort(np.random.default_rng(seed).permutation(len(rows))[:most]))
    with Progress(console=messages(), transient=True) as bar:
        task = bar.add_task("reading", total=len(rows))
        found = read_along(
            *(loaded, rows.texts, rows.labels or []),
            lookaheads=tuple(dict.fromkeys(lookahead or ())),
            beside=other,
            by=by,
            show=show,
            threads=threads,
            place=rows.place,
            progress=lambda done: bar.update(task, completed=done),
        )
    if html is not None:
        write_page(html, readings_page(found, model=model, data=rows.source))
        messages().print(f"wrote {html}")
    if json:
        print_json(
            {"model": model, "data": without_secrets(data), "beside": beside, **found.document()}
        )
    else:
        show_readings(results(), found)
