"""bothways explain: what each word contributed, read from the left and from the right."""

from __future__ import annotations

from typing import Annotated

import typer

from bothways.errors import DataError

_POINTS = 400  # of the curve: as many as its pixels tell apart, and no book takes hours


def explain(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    text: Annotated[str, typer.Argument(help="The text, or - for all of stdin.")],
    label: Annotated[str | None, typer.Option(help="The label to explain; the one that predict "
                                              "gives if not given.")] = None,
    padded: Annotated[int | None, typer.Option(min=1, help="Read it filled with zeros up to so "
                                               "many tokens, as without a mask.")] = None,
    html: Annotated[str | None, typer.Option(help="Write a page for the browser too.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every token as JSON.")] = False,
) -> None:  # fmt: skip
    """Tell what each word of a text contributed to its score, by way of each reader."""
    from bothways.cli._output import check_html, messages, print_json, results
    from bothways.explain import show, to_page
    from bothways.pages import write_page
    from bothways.runtime import load

    check_html(html)
    whole = _standard_input() if text == "-" else text
    loaded = load(model)
    found = loaded.explain(whole, label, padded=padded, threads=threads)
    if html is not None:
        prefixes = loaded.prefixes(whole, padded=padded, points=_POINTS, threads=threads)
        write_page(html, to_page(found, prefixes, model=model))
        messages().print(f"wrote {html}")
    if json:
        print_json({"model": model, **found.document()})
    else:
        show(results(), found)


def _standard_input() -> str:
    from bothways.storage import standard_input

    try:
        return standard_input().read().decode()
    except UnicodeDecodeError as error:
        raise DataError(f"standard input, byte {error.start}: is not UTF-8") from None
