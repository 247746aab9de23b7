"""bothways predict: a line in, a line out, in order, in constant memory."""

from __future__ import annotations

import json as json_module
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bothways.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bothways.runtime import Decisions

    Decide = Callable[[NDArray[np.float32]], Decisions]

# Read at a time. What has arrived is answered at once, so a slow sender gets
# its lines back as they come, and a fast one fills the threads.
_BYTES = 1 << 22


def predict(
    model: Annotated[str, typer.Argument(help="A model folder.")],
    file: Annotated[str, typer.Argument(help="A file with a text a line, or - for stdin; with "
                                        "--out shards.")] = "-",
    out: Annotated[str | None, typer.Option(help="Folder for scored shards: FILE is parquet, csv "
                                            "or jsonl, a folder or a glob.")] = None,
    text: Annotated[str | None, typer.Option(help="With --out: column of the texts.")] = None,
    prefix: Annotated[str | None, typer.Option(help="With --out: what the names of the new columns "
                                               "begin with.")] = None,
    engine: Annotated[str | None, typer.Option(help="With --out: local, or ray for a "
                                               "cluster.")] = None,
    part: Annotated[str | None, typer.Option(help="With --out: K/N scores every N-th shard, from "
                                             "number K, counted from 0; OUT is for this part "
                                             "alone.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="With --out: replace what is there "
                         "of another model, or of shards that have changed.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    precision: Annotated[str, typer.Option(help="Of the products: f32, or bf16, which is faster "
                                           "on some CPUs.")] = "f32",
    reject_below: Annotated[float | None, typer.Option(min=0, max=1, help="Print 'unsure' where "
                                                       "the label is less probable.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document with the "
                                       "probability of every label.")] = False,
) -> None:  # fmt: skip
    """Print LABEL<TAB>PROBABILITY for every line, empty ones too.

    Of a model that gives a text several labels: those with a probability of at least one half,
    the most probable first, and their probabilities, both divided by |; a tab alone if none has.

    With --reject-below an uncertain line is unsure<TAB>PROBABILITY; its label in --json is null.

    With --out each shard becomes one of the same name, with its columns and four more: label,
    probability, model and error. What is there already is not done again."""
    if out is not None:
        from bothways.cli._score import score

        if engine not in (None, "local", "ray"):
            raise typer.BadParameter(f"--engine: expected local or ray, got {engine!r}")
        from bothways.storage import stdin_format

        if stdin_format(file) is not None:
            raise typer.BadParameter("--out: give the shards as FILE, standard input has no names")
        score(model, file, out, text=text, prefix=prefix, engine=engine or "local",
              part=part, overwrite=overwrite, threads=threads, precision=precision,
              reject_below=reject_below, json=json)  # fmt: skip
        return
    given = {"--text": text, "--prefix": prefix, "--engine": engine, "--part": part}
    for option, value in {**given, "--overwrite": overwrite or None}.items():
        if value is not None:
            raise typer.BadParameter(f"{option} is for shards: give a folder for them with --out")
    from bothways.cli import _multilabel as multilabel
    from bothways.cli._output import messages
    from bothways.runtime import decide, documents, load, refuse_several
    from bothways.text import Truncation

    loaded = load(model, precision=precision)  # type: ignore[arg-type]
    refuse_several(loaded.spec.network.multilabel, reject_below)
    source = _open(file)
    stdout = sys.stdout.buffer
    first, lost = True, Truncation(0, 0, 0, 0)
    if json:
        stdout.write(b'{"predictions": [')
    one = loaded.spec.task == "classification"
    answers: Any = partial(multilabel.lines, loaded.spec)
    if one:
        how = partial(decide, spec=loaded.spec, reject_below=reject_below)
        answers = partial(_answers, loaded.labels, decide=how)
    for texts in _lines(source, file):
        ids, truncation = loaded.encode(texts, threads=threads)
        lost += truncation
        probabilities = loaded.network.probabilities(ids, threads=threads)
        if json:
            for document in documents(probabilities, loaded.spec, reject_below):
                item = json_module.dumps(document, ensure_ascii=False)
                stdout.write((b"\n  " if first else b",\n  ") + item.encode())
                first = False
        else:
            stdout.write("".join(answers(probabilities)).encode())
        stdout.flush()
    if json:
        stdout.write(b"]}\n" if first else b"\n]}\n")
    stdout.flush()
    if lost.cut_texts:
        messages().print(str(lost))


def _answers(
    labels: list[str], probabilities: NDArray[np.float32], decide: Decide
) -> Iterator[str]:
    """A line for each text: its label, or that it is not sure enough, and the probability."""
    from bothways.runtime import UNSURE

    for c, p in zip(*(column.tolist() for column in decide(probabilities)), strict=True):
        yield f"{'unsure' if c == UNSURE else labels[c]}\t{p:.4f}\n"


def _open(file: str) -> int:
    """A file descriptor to read from."""
    if file == "-":
        return 0
    if os.path.isdir(file):
        raise DataError(
            f"{file}: is a folder, expected a file with a text a line; --out FOLDER scores shards"
        )
    if file.endswith(".parquet"):
        raise DataError(
            f"{file}: is a table, expected a file with a text a line; --out FOLDER scores tables"
        )
    try:
        return os.open(file, os.O_RDONLY)
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None


def _lines(source: int, name: str) -> Iterator[list[str]]:
    """The lines that have arrived, again and again until the end."""
    rest: list[bytes] = []  # the pieces of a line that has not ended yet
    done = 0
    while True:
        try:
            data = os.read(source, _BYTES)
        except OSError as error:
            raise DataError(f"{name}: cannot be read: {error.strerror}") from None
        complete, newline, tail = data.rpartition(b"\n")
        if not data:
            if any(rest):
                yield [_decode(b"".join(rest), name, done + 1)]
            return
        if not newline:
            rest.append(data)
            continue
        lines = b"".join([*rest, complete]).split(b"\n")
        rest = [tail]
        yield [_decode(line, name, done + k) for k, line in enumerate(lines, 1)]
        done += len(lines)


def _decode(line: bytes, name: str, number: int) -> str:
    try:
        return line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        shown = "standard input" if name == "-" else name
        raise DataError(
            f"{shown}, line {number}: byte {error.start + 1} is not UTF-8; convert the file first, "
            "as with iconv -t UTF-8"
        ) from None
