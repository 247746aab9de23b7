"""A whole job: from the raw training file to the accuracy on the held-out file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from _worker import Task


def read(folder: str, name: str) -> tuple[list[str], list[str]]:
    """Read the texts and labels of `train` or `valid`."""
    table = pq.read_table(Path(folder) / f"{name}.parquet")
    return table["text"].to_pylist(), table["label"].to_pylist()


def job(train: Callable[[], Any], accuracy: Callable[[Any], float]) -> Task:
    """Return the task that trains a model, then judges it; the turn's clock covers both."""

    def run(first: int, count: int) -> dict[str, float]:
        started = time.perf_counter()
        model = train()
        trained = time.perf_counter()
        return {"accuracy": accuracy(model), "train_seconds": trained - started}

    return run
