"""bothways compare: recipes trained side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from bothways.errors import require


def compare(
    data: Annotated[str, typer.Argument(help="Labelled texts, as for train.")],
    test: Annotated[str, typer.Option(help="What to test on: a fraction, a number of texts, or a "
                                      "file.")] = "0.2",
    preset: Annotated[str | None, typer.Option(help="The recipe to compare with itself, of one "
                      "direction and without a mask; classic if not given.")] = None,
    variant: Annotated[list[str] | None, typer.Option(help="RECIPE or RECIPE:CHANGE,... instead, "
                       "with forward, both, masked, unmasked; give it twice or more.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each.")] = 3,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the texts.")] = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="Tokens that are read of a "
                                                   "text at most.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    html: Annotated[str | None, typer.Option(help="Write a page for the browser too.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:  # fmt: skip
    """Train recipes side by side with several seeds; tell which is better, and how surely."""
    from bothways.cli._output import check_html, messages, print_json, results
    from bothways.data import read, split
    from bothways.pages import write_page
    from bothways.storage import without_secrets

    if preset is not None and variant:
        raise typer.BadParameter("--preset and --variant both say what to train: choose one")
    check_html(html)
    require("sklearn", extra="train", purpose="a comparison")
    from bothways import comparison

    names = variant or comparison.default_variants(preset or "classic")
    variants = comparison.parse_variants(names, epochs=epochs, length=max_length)
    rows = read(data, text=text, label=label)
    try:
        part = int(test) if test.isdigit() else float(test)
    except ValueError:
        train, held = rows, read(test, text=text, label=label)
    else:
        train, held = map(rows.take, split(rows.labels or [], part, 0))
    console = messages()
    trainings = len(variants) * seeds
    console.print(f"{trainings} trainings on {len(train):,} texts, tested on {len(held):,}")
    found = comparison.compare_recipes(
        train,
        held,
        variants,
        seeds=seeds,
        threads=threads,
        tell=lambda line: console.print(line),
    )
    if html is not None:
        write_page(html, comparison.comparison_page(found, data=without_secrets(data)))
        console.print(f"wrote {html}")
    if json:
        print_json(
            {
                "data": without_secrets(data),
                "test": test and without_secrets(test),
                **found.document(),
            }
        )
    else:
        comparison.show_comparison(results(), found)
