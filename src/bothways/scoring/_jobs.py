"""Which shard becomes which file of OUT."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from bothways.errors import ArgumentError, DataError
from bothways.scoring._out import Out
from bothways.storage import Shard, show, without_file

_PROTOCOL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://+")


class Job(NamedTuple):
    """A shard, and the name of what is made of it, below OUT."""

    shard: Shard
    name: str


def jobs_for(data: str, shards: Sequence[Shard], out: Out) -> list[Job]:
    """A job for each shard of `data`: its name below the folder that no wildcard is in.

    Raises `DataError` if answers would be written over a shard, or be taken for one later.
    """
    base = _base(data)
    jobs = [Job(shard, _below(base, shard.url)) for shard in shards]
    first: dict[str, Shard] = {}
    for shard, name in jobs:
        if first.setdefault(name, shard) is not shard:
            raise DataError(
                f"{shard.name}: would become {name} in {show(out.url)}, as {first[name].name} does"
            )
    _check_apart(data, base, shards, out)
    return jobs


def part_of(jobs: list[Job], part: str) -> list[Job]:
    """Of `jobs` those of a part: `"3/16"` is every sixteenth, from the fourth on.

    Raises `ArgumentError` for anything else than two whole numbers, the first of them smaller.
    """
    number, _, count = part.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise ArgumentError(f"got part={part!r}, expected K/N with K from 0 to N - 1, such as 0/16")
    return jobs[int(number) :: int(count)]


def _base(data: str) -> str:
    """The folder of DATA that no wildcard is in, `""` for the one we are in."""
    data = without_file(data)
    if os.path.isdir(data):
        return data.rstrip("/") + "/"
    wild = re.search(r"[*?\[]", data)
    return data[: data.rfind("/", 0, wild.start() if wild else None) + 1]


def _below(base: str, url: str) -> str:
    path = url.partition("::")[0]
    if path.lower().startswith(("http://", "https://")):
        path = urlsplit(path).path
    path, base = _PROTOCOL.sub("", path), _PROTOCOL.sub("", base)
    if base and not path.startswith(base):  # the store writes it in another way
        return path.rpartition("/")[2]
    return path.removeprefix(base).lstrip("/")


def _check_apart(data: str, base: str, shards: Sequence[Shard], out: Out) -> None:
    shown = show(out.url)
    folder = _real(out.url)
    for shard in shards:
        if _real(shard.url).startswith(folder):
            raise DataError(
                f"{shown}: holds {shard.name}, a shard of DATA; choose a folder of its own for "
                "the answers"
            )
    if (os.path.isdir(data) or "**" in data) and folder.startswith(_real(base or ".")):
        raise DataError(
            f"{shown}: lies in DATA, where the answers would be shards next time; choose a folder "
            "beside it"
        )


def _real(folder: str) -> str:
    path = folder if "://" in folder else os.path.realpath(folder)
    return path.rstrip("/") + "/"
