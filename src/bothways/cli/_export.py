"""bothways export: a model for other programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bothways.interop import Comparison


def export(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    file: Annotated[str, typer.Argument(help="The file to write.")],
    to: Annotated[str, typer.Option(help="keras, onnx or torch.")],
    sample: Annotated[str | None, typer.Option(help="Texts to compare on, at most 1,000 from all "
                        "over them; without it texts are made of the vocabulary.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts of --sample.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was seen as JSON.")] = False,
) -> None:  # fmt: skip
    """Write a model in a form that other programs open, and compare what they answer."""
    from bothways import interop
    from bothways.cli._output import messages, print_json

    if to not in interop.FORMS:
        raise typer.BadParameter(f"--to: expected one of {', '.join(interop.FORMS)}, got {to!r}")
    texts = sampled(sample, text)
    seen, files = interop.export(*(model, file), to=to, texts=texts, overwrite=overwrite)
    if json:
        print_json({"model": model, "files": files, "sample": sample, **seen._asdict()})
        return
    messages().print(told(seen, sample))
    for path in files:
        messages().print(f"wrote {path}")
        if path.endswith(".py"):  # the program that loads the others
            with open(path, encoding="utf-8") as program:
                sys.stdout.write(program.read())


def sampled(sample: str | None, text: str | None) -> list[str] | None:
    """The texts of --sample, whose column --text names; None without it."""
    from bothways.data import read

    if text is not None and sample is None:
        raise typer.BadParameter("--text is about the texts of --sample, which was not given")
    if sample is None:
        return None
    return read(sample, text=text, multilabel=True, need_labels=False).texts


def told(seen: Comparison, sample: str | None) -> str:
    """A sentence about a comparison."""
    return (
        f"{seen.answered_by} and the model: the largest difference of a probability is "
        f"{seen.largest_difference:.1e} on {seen.texts:,} texts "
        f"{f'of {sample}' if sample else 'made of the vocabulary'}"
    )
