"""What is there already, of what, and what is to be done.

OUT/_bothways.json says what the answers depend on, and of which version of its shard each file
is or will be. It is written before the first of them. A file appears whole and last, so one
that is there was made as the manifest says, and nothing else needs to be remembered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from bothways.errors import DataError
from bothways.scoring._jobs import Job
from bothways.scoring._out import MANIFEST, Out
from bothways.scoring._table import chosen_prefix
from bothways.storage import show

_FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What answers depend on beside the text. `model` is the model's fingerprint; `text` and
    `prefix` are None until there is a plan, if nobody asked for them. `part` is kept with them: of
    two divisions, their folders together would hold some shards twice."""

    model: str
    precision: str
    reject_below: float | None
    text: str | None
    prefix: str | None
    part: str | None = None


@dataclass(frozen=True)
class Plan:
    """`jobs` are to be done, and `done` shards are there."""

    settings: Settings
    jobs: list[Job]
    done: int


Peek = Callable[[Job, str | None], tuple[str, list[str]]]
"""The text column of a shard, and all its columns. Raises `DataError`."""


def make_plan(
    jobs: Sequence[Job], out: Out, asked: Settings, *, overwrite: bool, peek: Peek
) -> Plan:
    """Compare what is asked for with what is there, and write the manifest.

    Raises `DataError` if a file is there that is of another model or setting, or of a shard that
    has changed since, unless `overwrite`, which removes it; and if one is there that is not
    ours. Nothing is removed or written then.
    """
    there = out.names()
    before, versions = _read(out, there)
    ours = [name for name in versions if name in there]
    foreign = [job.name for job in jobs if job.name in there and job.name not in versions]
    if foreign:
        raise DataError(
            f"{show(out.url)}: holds {foreign[0]!r}, which was not written by this command; choose "
            "another folder"
        )
    stale: list[str] = []
    if ours and before is not None:
        asked, other = _merged(asked, before)
        left = set(ours) - {job.name for job in jobs}
        if left and asked.part is not None and not other:
            raise DataError(
                f"{show(out.url)}: holds {min(left)}, which part {asked.part} of DATA has no more; "
                "choose another folder"
            )
        stale = ours if other else _changed(jobs, versions, ours)
        if stale and not overwrite:
            raise DataError(f"{show(out.url)}: {other or _of(stale)}; --overwrite replaces it")
    todo = [job for job in jobs if job.name in stale or job.name not in there]
    if todo:
        asked = _chosen(asked, todo, peek)
        for name in stale:
            out.remove(name)
        kept = {} if before is None or stale == ours else versions
        _write(out, asked, {**kept, **{job.name: job.shard.version for job in jobs}})
    return Plan(asked, todo, len(jobs) - len(todo))


def _merged(asked: Settings, before: Settings) -> tuple[Settings, str]:
    """What is asked for, with what was chosen before where nobody asks; and what differs."""
    asked = replace(
        asked,
        text=before.text if asked.text is None else asked.text,
        prefix=before.prefix if asked.prefix is None else asked.prefix,
    )
    for setting in fields(Settings):
        was, now = getattr(before, setting.name), getattr(asked, setting.name)
        if was != now:
            if setting.name == "model":
                return asked, f"holds answers of the model {was}, and this is {now}"
            return asked, f"holds answers with {setting.name} {was!r}, and now it is {now!r}"
    return asked, ""


def _changed(jobs: Sequence[Job], versions: Mapping[str, str], ours: list[str]) -> list[str]:
    there = set(ours)
    return [n for shard, n in jobs if n in there and versions[n] != shard.version]


def _of(stale: list[str]) -> str:
    more = f" and {len(stale) - 1:,} more" if len(stale) > 1 else ""
    return f"{stale[0]}{more} was made of a shard that has changed since"


def _chosen(asked: Settings, jobs: Sequence[Job], peek: Peek) -> Settings:
    """With a text column and a prefix, by the columns of all shards that can be read."""
    if asked.text is not None and asked.prefix is not None:
        return asked
    text, tables, refused = asked.text, [], None
    for job in jobs:
        try:
            found, columns = peek(job, text)
        except DataError as error:  # it is told when its turn comes, and the others are scored
            refused = refused or error
            continue
        text = found
        tables.append(columns)
    if refused is not None and not tables:
        raise refused
    prefix = chosen_prefix(tables) if asked.prefix is None else asked.prefix
    return replace(asked, text=text, prefix=prefix)


def _read(out: Out, there: set[str]) -> tuple[Settings | None, dict[str, str]]:
    """What the manifest says, if there is one."""
    if MANIFEST not in there:
        return None, {}
    try:
        document: Any = json.loads(out.read(MANIFEST))
        if document["format"] != _FORMAT:
            raise ValueError
        settings = Settings(**document["settings"])
        return settings, {str(name): str(version) for name, version in document["shards"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DataError(
            f"{show(out.url)}: its {MANIFEST} is not one that this version writes; choose another "
            "folder"
        ) from None


def _write(out: Out, settings: Settings, versions: Mapping[str, str]) -> None:
    document = {"format": _FORMAT, "settings": asdict(settings), "shards": dict(versions)}
    out.write(MANIFEST, json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
