"""bothways inspect: know your data first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import DataError

if TYPE_CHECKING:
    from bothways.artifact import Spec
    from bothways.data import Dataset


def inspect(
    data: Annotated[str, typer.Argument(help="Texts, labelled or not, as for train.")],
    data2: Annotated[str | None, typer.Argument(help="A second file, as the one to test on: which "
                                                "texts are in both?")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels.")] = None,
    label_separator: Annotated[str | None, typer.Option(help="What divides several labels in a "
                                                        "cell, as for train.")] = None,
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
    from bothways.cli._output import check_html, messages, print_json, results
    from bothways.pages import write_page
    from bothways.runtime import load

    if model is not None and suspicious:
        raise typer.BadParameter("--model and --suspicious both judge the labels: choose one")
    check_html(html)
    loaded = None if model is None else load(model)
    spec = None if loaded is None else loaded.spec
    rows, refusal = _read(data, text, label, label_separator, spec)
    if refusal is not None and (label is not None or label_separator is not None):
        raise DataError(refusal)
    other = None
    if data2 is not None:
        other, also = _read(data2, text, label, label_separator)
        refusal = refusal if _gaps(refusal) else also
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
        refusal=refusal if _gaps(refusal) else None,
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


def _read(
    data: str,
    text: str | None,
    label: str | None,
    label_separator: str | None,
    spec: Spec | None = None,
) -> tuple[Dataset, str | None]:
    """The texts with the labels that `train` would take; where it would take none, without
    them, and with its reason."""
    from bothways.cli._rows import read_beside
    from bothways.data import read

    read_rows = read if spec is None else partial(read_beside, spec)
    options: dict[str, Any] = {"text": text, "label": label, "label_separator": label_separator}
    try:
        return read_rows(data, multilabel=True, **options), None
    except DataError as error:
        return read(data, text=text, need_labels=False), str(error)


def _gaps(refusal: str | None) -> bool:
    """Whether some texts alone have no label: a file without any is nothing to complain of."""
    return refusal is not None and "no label:" in refusal
