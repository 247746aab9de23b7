"""bothways import: a model of another program as a model folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import typer

from bothways.errors import ArgumentError

# What is not in safetensors of these is refused, with a sentence that says how to write it so.
_OF_PYTORCH = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")


def import_(
    file: Annotated[str, typer.Argument(help="A .keras file of Keras 3, or a "
                    ".safetensors file with a state dict of PyTorch.")],
    out: Annotated[str, typer.Option(help="The model folder to write.")],
    labels: Annotated[str | None, typer.Option(help="Names of the labels in the order of the "
                      "outputs, as neg,pos; without it 0,1.")] = None,
    vocabulary: Annotated[str | None, typer.Option(help="The tokens of the ids, one a line, if the "
                          "model has no TextVectorization; or the .json of an export.")] = None,
    length: Annotated[int | None, typer.Option(min=1, help="Tokens that texts were cut at and "
                      "filled up to, if the file does not say.")] = None,
    standardize: Annotated[Literal["lower_and_strip_punctuation", "lower", "strip_punctuation",
                           "none"], typer.Option(help="As of a TextVectorization, for "
                           "--vocabulary.")] = "lower_and_strip_punctuation",
    split: Annotated[Literal["whitespace", "character"], typer.Option(
                     help="As of a TextVectorization, for --vocabulary.")] = "whitespace",
    as_trained: Annotated[bool, typer.Option("--as-trained", help="Import a model without a mask, "
                          "which reads the padding as text.")] = False,
    pooling: Annotated[Literal["last", "mean", "max"] | None, typer.Option(help="Of a state dict: "
                       "what the last layer reads of a text's steps.")] = None,
    merge: Annotated[Literal["concat", "sum", "ave", "mul"] | None, typer.Option(help="Of a state "
                     "dict: how two directions are joined.")] = None,
    multilabel: Annotated[bool, typer.Option("--multilabel", help="Of a state dict: a sigmoid for "
                          "each output, not a softmax over all.")] = False,
    sample: Annotated[str | None, typer.Option(help="Texts to compare on, at most 1,000 from all "
                        "over them; without it texts are made of the vocabulary.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the texts of --sample.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a model that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was seen as JSON.")] = False,
) -> None:  # fmt: skip
    """Make a model of a file that Keras or PyTorch wrote, and compare what they answer."""
    from bothways import interop
    from bothways.cli._export import sampled, told
    from bothways.cli._output import messages, print_json

    texts = sampled(sample, text)
    if not file.lower().endswith((".keras", *_OF_PYTORCH)):
        raise ArgumentError(
            f"{file}: expected a .keras file, as Keras 3 saves models (an .h5 file is opened and "
            "saved again there), or a .safetensors file with a state dict of PyTorch"
        )
    of_state = {"pooling": pooling, "merge": merge, "multilabel": multilabel}
    reader: Callable[..., interop.Imported] = interop.import_torch
    if not file.lower().endswith(_OF_PYTORCH):
        for name, given in of_state.items():
            if given:
                raise typer.BadParameter(f"--{name} is for a state dict, a .safetensors file")
        reader, of_state = interop.import_keras, {}
    seen, notes = reader(
        file,
        out,
        labels=None if labels is None else labels.split(","),
        vocabulary=vocabulary,
        length=length,
        standardize=None if standardize == "none" else standardize,
        split=split,
        as_trained=as_trained,
        texts=texts,
        overwrite=overwrite,
        **of_state,
    )
    if json:
        print_json({"model": out, "file": file, "sample": sample, **seen._asdict(), "notes": notes})
        return
    for note in notes:
        messages().print(note)
    messages().print(told(seen, sample))
    messages().print(f"saved {out}")
