"""bothways cache: the ids on disk that training from shards made, what they take, and away with
them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from bothways._amounts import size

if TYPE_CHECKING:
    from bothways.corpus import Cache


def cache(
    action: Annotated[str, typer.Argument(help="list, remove (one, by its key) or clear "
                                          "(all).")] = "list",
    key: Annotated[str | None, typer.Argument(help="Of the cache to remove, or how it "
                                              "begins.")] = None,
    cache: Annotated[str | None, typer.Option(help="The folder; ~/.cache/bothways if not "
                                              "given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the caches as JSON.")] = False,
) -> None:  # fmt: skip
    """List or remove the caches of training from shards."""
    if action not in ("list", "remove", "clear"):
        raise typer.BadParameter(f"expected list, remove or clear, got {action!r}")
    if (action == "remove") != (key is not None):
        raise typer.BadParameter("remove needs the key of a cache, and the others take none")
    from bothways.cli._output import messages, print_json, results
    from bothways.corpus import cache_root, caches, remove

    root = cache_root(cache)
    if action == "list":
        found = caches(root)
    elif action == "clear":
        found = [remove(root, one.key) for one in caches(root)]
    else:
        found = [remove(root, str(key))]
    if json:
        print_json({"folder": root, action: [one._asdict() for one in found]})
        return
    for one in found:
        results().print(_line(one, action), soft_wrap=True)
    total = sum(one.bytes for one in found)
    count = f"{len(found):,} cache{'s' if len(found) != 1 else ''}, {size(total)}"
    messages().print(f"{count} in {root}" if action == "list" else f"removed {count}, from {root}")


def _line(one: Cache, action: str) -> str:
    of = f"{one.source}, held out {one.valid}"
    if one.source is None:
        of = "not finished, or of another version"
    used = f", used {_age(time.time() - one.used)} ago" if action == "list" else ""
    return f"{one.key}  {size(one.bytes):>8}{used}  {of}"


def _age(seconds: float) -> str:
    """`5 minutes`."""
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
