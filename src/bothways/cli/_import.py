"""bothways import: a model of another program as a model folder."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def import_(
    file: Annotated[str, typer.Argument(help="A .keras file of Keras 3.")],
    out: Annotated[str, typer.Option(help="The model folder to write.")],
    labels: Annotated[str | None, typer.Option(help="Names of the labels in the order of the "
                      "outputs, as neg,pos; without it 0,1.")] = None,
    vocabulary: Annotated[str | None, typer.Option(help="The tokens of the ids, one a line, if the "
                          "model has no TextVectorization.")] = None,
    length: Annotated[int | None, typer.Option(min=1, help="Tokens that texts were cut at and "
                      "filled up to, if the file does not say.")] = None,
    standardize: Annotated[Literal["lower_and_strip_punctuation", "lower", "strip_punctuation",
                           "none"], typer.Option(help="As of a TextVectorization, for "
                           "--vocabulary.")] = "lower_and_strip_punctuation",
    split: Annotated[Literal["whitespace", "character"], typer.Option(
                     help="As of a TextVectorization, for --vocabulary.")] = "whitespace",
    as_trained: Annotated[bool, typer.Option("--as-trained", help="Import a model without a mask, "
                          "which reads the padding as text.")] = False,
    sample: Annotated[str | None, typer.Option(help="Texts to compare on, at most 1,000 from all "
                        "over them; without it texts are made of the vocabulary.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts of --sample.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a model that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was seen as JSON.")] = False,
) -> None:  # fmt: skip
    """Make a model of a file that Keras wrote, and compare what they answer."""
    from bothways import interop
    from bothways.cli._export import told
    from bothways.cli._output import messages, print_json
    from bothways.data import read

    if text is not None and sample is None:
        raise typer.BadParameter("--text is about the texts of --sample, which was not given")
    rows = None if sample is None else read(sample, text=text, multilabel=True, need_labels=False)
    seen, notes = interop.import_keras(
        file,
        out,
        labels=None if labels is None else labels.split(","),
        vocabulary=vocabulary,
        length=length,
        standardize=None if standardize == "none" else standardize,
        split=split,
        as_trained=as_trained,
        texts=rows.texts if rows else None,
        overwrite=overwrite,
    )
    if json:
        print_json({"model": out, "file": file, "sample": sample, **seen._asdict(), "notes": notes})
        return
    for note in notes:
        messages().print(note)
    messages().print(told(seen, f"of {sample}" if sample else "made of the vocabulary"))
    messages().print(f"saved {out}")
