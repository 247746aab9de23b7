"""bothways inspect: know your data first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.errors import ArgumentError, DataError, require

if TYPE_CHECKING:
    from bothways.data import Dataset


def inspect(
    data: Annotated[str, typer.Argument(help="Texts, labelled or not, as for train.")],
    data2: Annotated[str | None, typer.Argument(help="A second file, as the one to test on: which "
                                                "texts are in both?")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="A limit of tokens to try beside "
                                                   "100, 200, 400, 600 and 1,000.")] = None,
    model: Annotated[str | None, typer.Option(help="A model folder: list the labels that it "
                                              "finds improbable.")] = None,
    suspicious: Annotated[bool, typer.Option("--suspicious", help="The same without a model, by "
                                             "cross-validation.")] = False,
    show: Annotated[int, typer.Option(min=1, help="Examples to list of each kind.")] = 10,
    html: Annotated[str | None, typer.Option(help="Write a page for the browser too.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all facts as JSON.")] = False,
) -> None:  # fmt: skip
    """Labels, lengths, words, repeats, contradictions, overlap, odd characters, wrong labels."""
    from dataclasses import asdict

    from bothways import inspection
    from bothways.cli._output import messages, print_json, results
    from bothways.data import read
    from bothways.pages import check_page, write_page

    if html is not None:
        check_page(html)
        require("matplotlib", extra="train", purpose="the page")
    if model is not None and suspicious:
        raise ArgumentError("--model and --suspicious each judge the labels: choose one of them")
    rows = read(data, text=text, label=label, need_labels=label is not None)
    other = None if data2 is None else read(data2, text=text, need_labels=False)
    loaded = None
    if model is not None:
        from bothways.runtime import load

        loaded = load(model)
    if suspicious and rows.labels is not None:
        messages().print(f"training on parts of {len(rows):,} texts, to judge the others ...")
    facts = inspection.inspect(
        rows,
        other,
        model=loaded,
        model_name=f"the model {model}",
        suspicious=suspicious,
        max_length=max_length,
        show=show,
        refusal=_refusal(rows, data, text),
        threads=threads,
    )
    if html is not None:
        write_page(html, inspection.to_page(facts))
        messages().print(f"wrote {html}")
    if json:
        found = [asdict(finding) for finding in inspection.findings(facts)]
        print_json({"findings": found, **asdict(facts)})
    else:
        inspection.show(results(), facts)


def _refusal(rows: Dataset, data: str, text: str | None) -> str | None:
    """Why `train` would refuse the labels, if a column of them is there."""
    from bothways.data import read

    if rows.labels is not None:
        return None
    try:
        read(data, text=text)
    except DataError as error:
        return str(error) if "no label:" in str(error) else None
    return None
