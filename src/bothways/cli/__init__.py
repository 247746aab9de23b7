"""The `bothways` command: one file a command, each importing its own needs.

Exit codes: 0 done, 1 a refused input with one sentence on stderr, 2 wrong usage,
130 and 143 interrupted and terminated. With `--json`, stdout holds one JSON document.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bothways import __version__
from bothways.cli import (
    _cache,
    _compare,
    _compress,
    _demo,
    _evaluate,
    _explain,
    _export,
    _import,
    _info,
    _inspect,
    _predict,
    _presets,
    _read,
    _serve,
    _threshold,
    _train,
)
from bothways.errors import BothwaysError

__all__ = ["app", "main"]

app = typer.Typer(
    name="bothways",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"bothways {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True,
                                          help="Print the version and exit.")] = False,
) -> None:  # fmt: skip
    """Bidirectional LSTM text models: train, evaluate and predict on the machine you have."""


app.command("train")(_train.train)
app.command("evaluate")(_evaluate.evaluate)
app.command("explain")(_explain.explain)
app.command("read")(_read.read)
app.command("predict")(_predict.predict)
app.command("threshold")(_threshold.threshold)
app.command("compare")(_compare.compare)
app.command("compress")(_compress.compress)
app.command("export")(_export.export)
app.command("import")(_import.import_)
app.command("serve")(_serve.serve)
app.command("cache")(_cache.cache)
app.command("info")(_info.info)
app.command("inspect")(_inspect.inspect)
app.command("presets")(_presets.presets)
app.command("demo")(_demo.demo)


def main() -> None:
    """Run the command line; what goes wrong becomes one sentence and an exit code."""
    try:
        app()
    except BothwaysError as error:
        _refuse(str(error))
    except MemoryError:
        _refuse("there is not enough memory for this")
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _refuse(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        print("bothways: interrupted", file=sys.stderr)
        sys.exit(130)


def _refuse(sentence: str) -> None:
    print(f"bothways: {sentence}", file=sys.stderr)
    sys.exit(1)
