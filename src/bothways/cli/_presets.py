"""bothways presets: the recipes there are, or one of them as a file that can be changed."""

from __future__ import annotations

from typing import Annotated

import typer


def presets(
    name: Annotated[str | None, typer.Argument(help="A preset, or a file of one that ends with "
                                               ".json: printed whole, as JSON.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:  # fmt: skip
    """The recipes side by side; with a name, one of them, for `train --preset FILE.json`."""
    from dataclasses import asdict

    from bothways.cli._output import print_json, results
    from bothways.training import PRESETS, preset

    if name is not None:
        print_json(asdict(preset(name)))
        return
    recipes = [asdict(recipe) for recipe in PRESETS.values()]
    if json:
        print_json({recipe["name"]: recipe for recipe in recipes})
        return
    from rich.table import Column, Table

    # A value that is too long goes on below: two that begin alike would look the same.
    columns = (Column(recipe, overflow="fold") for recipe in PRESETS)
    table = Table("", *columns, box=None, pad_edge=False)
    for field in recipes[0]:
        if field != "name":
            table.add_row(field, *("-" if r[field] is None else str(r[field]) for r in recipes))
    results().print(table)
