"""Shards through a model in the actors of Ray Data, one shard a task.

An actor holds the model and does what one process does alone, so the files are the same. Ray
starts an actor that was lost again and repeats its task; what that had written has a temporary
name, and the same shard is written again under another.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from typing import Any

from bothways.errors import ArgumentError, ArtifactError, BothwaysError, DataError, require
from bothways.kernels import Precision
from bothways.runtime import Model, load
from bothways.scoring._answers import Cost
from bothways.scoring._jobs import Job
from bothways.scoring._local import Done, score_shards
from bothways.scoring._out import Out
from bothways.scoring._plan import Settings
from bothways.storage import Shard

# Of Ray's memory for what passes between processes, which is a few numbers a shard.
_STORE_BYTES = 128 << 20


def score_on_ray(
    model: Model, jobs: list[Job], out: Out, settings: Settings, threads: int
) -> Generator[Done | int]:
    """What `score_shards` does, in as many actors of `threads` each as the cluster has cores for.

    Uses the cluster that is connected to already, or the one of `RAY_ADDRESS`, or starts Ray on
    this machine and stops it at the end. Where no machine of a cluster has `threads` cores it waits
    for one, as a cluster may grow, and logs a warning. Raises as `score_shards`,
    `MissingExtraError`, and `ArgumentError` for more threads than this machine has cores.
    """
    data = require("ray.data", extra="ray", purpose="--engine ray")
    if not jobs:
        return
    with _connected(threads) as cores:
        data.DataContext.get_current().enable_progress_bars = False
        rows = data.from_items([_row(job) for job in jobs], override_num_blocks=len(jobs))
        actors = max(1, min(len(jobs), int(cores) // threads))
        done = rows.map(
            _Scorer,
            fn_constructor_args=(model.folder, model.network.precision, out, settings, threads),
            compute=data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
            num_cpus=threads,
        )
        for row in done.iter_rows():
            if row["refused"] is not None:
                raise DataError(row["refused"])
            ended = _done(row)
            yield ended.rows
            yield ended
    out.names()  # removes what lost actors left


class _Scorer:
    """What an actor holds: the model. An error that ends the run is returned, `refused`: raised,
    it would come out among pages of Ray's."""

    def __init__(
        self, folder: str, precision: Precision, out: Out, settings: Settings, threads: int
    ) -> None:
        self._folder, self._precision = folder, precision
        self._out, self._settings, self._threads = out, settings, threads

    @cached_property
    def _model(self) -> Model:
        model = load(self._folder, precision=self._precision)
        if model.fingerprint != self._settings.model:
            raise ArtifactError(f"{self._folder}: was replaced while it was used; begin again")
        return model

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        job = Job(Shard(row["name"], row["url"], row["bytes"], row["version"]), row["target"])
        done, refused = Done(job.shard.name), None
        try:
            for event in score_shards(self._model, [job], self._out, self._settings, self._threads):
                done = event if isinstance(event, Done) else done
        except BothwaysError as error:
            refused = str(error)
        return {**asdict(done), **asdict(done.cost), "cost": 0, "refused": refused}


def _row(job: Job) -> dict[str, Any]:
    """A job as Ray Data passes it on; other machines have another working folder."""
    url = job.shard.url if "://" in job.shard.url else os.path.abspath(job.shard.url)
    return {**job.shard._replace(url=url)._asdict(), "target": job.name}


def _done(row: Mapping[str, Any]) -> Done:
    cost = Cost(**{name: row[name] for name in asdict(Cost())})
    return Done(row["name"], row["rows"], row["errors"], cost, row["failed"])


@contextmanager
def _connected(threads: int) -> Iterator[float]:
    """Within it Ray is there: how many cores it has, on machines for actors of `threads`."""
    import ray

    if ray.is_initialized():
        yield _cores(threads, may_grow=True)
        return
    options: dict[str, Any] = {}
    if "RAY_ADDRESS" not in os.environ:  # our own, on this machine
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        options = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield _cores(threads, may_grow=not options)
    finally:
        ray.shutdown()


def _cores(threads: int, *, may_grow: bool) -> float:
    """Of the machines that are there and can hold an actor."""
    import ray

    every = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    large = [cores for cores in every if cores >= threads]
    if not large and not may_grow:
        raise ArgumentError(
            f"--engine ray: an actor with {threads} threads needs as many cores, and this machine "
            f"has {max(every):g}"
        )
    if not large:
        logging.getLogger("bothways").warning(
            "no machine of the cluster has %d cores, the largest has %g: waiting for one",
            *(threads, max(every, default=0)),
        )
    # What is left of a machine when it is full of actors holds none.
    return sum(cores // threads * threads for cores in large)
