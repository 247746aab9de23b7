"""All shards of DATA through a model, into a folder that a second run goes on with."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bothways.errors import ArgumentError, DataError, require
from bothways.kernels import Precision, default_threads
from bothways.runtime import Model, decide, load, refuse_several
from bothways.scoring._answers import Cost
from bothways.scoring._jobs import jobs_for, part_of
from bothways.scoring._local import Done, score_shards
from bothways.scoring._open import peek
from bothways.scoring._out import Out
from bothways.scoring._plan import Plan, Settings, make_plan
from bothways.storage import find_shards, stdin_format

ENGINES = ("local", "ray")


@dataclass
class Summary:
    """What a run did: `shards` there are of DATA, of which `already` were there and `failed`,
    by name, could not be read; `rows` that were written now, with `errors` among them; wall
    `seconds`, and what they `cost`. `text` is the column of the texts, `prefix` that of ours."""

    model: str
    fingerprint: str
    out: str
    shards: int
    already: int
    text: str
    prefix: str
    rows: int = 0
    errors: int = 0
    seconds: float = 0.0
    failed: dict[str, str] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)

    def add(self, shard: Done) -> None:
        """Count a shard that has ended."""
        if shard.failed is not None:
            self.failed[shard.name] = shard.failed
        self.rows += shard.rows
        self.errors += shard.errors
        self.cost += shard.cost

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0

    @property
    def not_the_model(self) -> float:
        """The share of processor time that was neither vectorizing nor the network."""
        of_model = self.cost.vectorize + self.cost.network
        return max(0.0, 1 - of_model / self.cost.all) if self.cost.all else 0.0


class Watcher(Protocol):
    """Who is told how far a run is."""

    def planned(self, plan: Plan) -> None:
        """Before the first shard."""

    def happened(self, event: Done | int) -> None:
        """So many rows more are written, or a shard is there, or has failed."""


def score(
    model: str,
    data: str,
    out: str,
    *,
    text: str | None = None,
    prefix: str | None = None,
    reject_below: float | None = None,
    precision: Precision = "f32",
    threads: int | None = None,
    engine: str = "local",
    overwrite: bool = False,
    part: str | None = None,
    watcher: Watcher | None = None,
) -> Summary:
    """Score every shard of `data` with the model in the folder `model`, and write to `out`.

    `data` is a file, a folder of shards, a glob or an fsspec URL, as `bothways.data.find_shards`
    takes it; `out` a folder or an fsspec URL. Each shard becomes a file of the same name, with the
    columns that `score_table` adds, and appears whole or not at all. Shards that are there of the
    same model, settings and version of the shard are left alone; of another they are refused,
    or with `overwrite` made anew. `engine="ray"` spreads shards over the actors of Ray Data, with
    `threads` each (1 by default); here `threads` are all cores by default. `part` is for programs
    that share the shards: `"3/16"` is every sixteenth, from the fourth on, into a folder of its
    own, which is refused for another part, and if the part has other shards than it had.

    Raises `DataError` where nothing can be read or written, and as `score_table` does. A shard that
    cannot be read does not end the run: it is in `Summary.failed`.
    """
    if engine not in ENGINES:
        raise ArgumentError(f"got engine={engine!r}, expected one of {', '.join(ENGINES)}")
    if engine == "ray":
        require("ray", extra="ray", purpose="--engine ray")
    if stdin_format(data) is not None:
        raise DataError(f"{data}: standard input has no names, expected shards")
    target = Out(out)
    loaded = load(model, precision=precision)
    refuse_several(loaded.spec.network.multilabel, reject_below)
    decide(np.zeros((0, len(loaded.labels))), loaded.spec, reject_below)  # is it a number?
    assert loaded.fingerprint is not None
    settings = Settings(loaded.fingerprint, precision, reject_below, text, prefix, part)
    shards = find_shards(data)
    jobs = jobs_for(data, shards, target)
    if part is not None:
        jobs = part_of(jobs, part)
    with target.locked():
        plan = make_plan(jobs, target, settings, overwrite=overwrite, peek=peek)
        summary = Summary(
            *(model, loaded.fingerprint, out, len(jobs), plan.done),
            *(plan.settings.text or "", plan.settings.prefix or ""),
        )
        if watcher is not None:
            watcher.planned(plan)
        start = time.perf_counter()
        with closing(_events(loaded, plan, target, threads, engine)) as events:
            for event in events:
                if isinstance(event, Done):
                    summary.add(event)
                if watcher is not None:
                    watcher.happened(event)
        summary.seconds = time.perf_counter() - start
    return summary


def _events(
    model: Model, plan: Plan, out: Out, threads: int | None, engine: str
) -> Generator[Done | int]:
    if engine == "ray":
        from bothways.scoring._ray import score_on_ray

        return score_on_ray(model, plan.jobs, out, plan.settings, threads or 1)
    return score_shards(model, plan.jobs, out, plan.settings, threads or default_threads())
