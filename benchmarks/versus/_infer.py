"""The three ways texts come to a model that serves: in batches as they come, sorted, one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from _classic import BATCH, INFER_TEXTS, Texts, batches, difference, read_texts
from _worker import Peer, Task

ONE_BY_ONE = 512

Form = Callable[[Texts], Any]
Run = Callable[[list[Any]], list[np.ndarray]]


def inference_peer(
    folder: str, form: Form, together: Run, alone: Run, settings: str, packages: list[str]
) -> Peer:
    """Make the peer whose items are passes over all the texts.

    `form` puts a batch into the shape that the runtime wants; that is not timed. `together` maps
    batches to probabilities, in order, and may work on several at a time; `alone` answers one
    after another, as for callers who wait. Every input is seen once before the timing starts.
    """
    held_out = read_texts(folder, "valid").take(np.arange(INFER_TEXTS))
    sorted_by_length = held_out.take(np.argsort(np.diff(held_out.offsets), kind="stable"))
    inputs = {
        "as they come": (together, batches(held_out, INFER_TEXTS // BATCH)),
        "sorted by length": (together, batches(sorted_by_length, INFER_TEXTS // BATCH)),
        "one at a time": (alone, batches(held_out, ONE_BY_ONE, size=1)),
    }
    tasks, differences = {}, {}
    for name, (run, texts) in inputs.items():
        ready = [form(batch) for batch in texts]
        tasks[name] = _task(run, ready, sum(map(len, texts)))
        found = np.concatenate([np.ravel(answer) for answer in run(ready)])
        few = 2 * BATCH // len(texts[0])
        differences[name] = max(
            difference(found[k * len(batch) : (k + 1) * len(batch)], batch)
            for k, batch in enumerate(texts[:few])
        )
    return Peer(tasks, settings, packages, {"difference": differences})


def _task(run: Run, ready: list[Any], texts: int) -> Task:
    """Return the task that answers every text once for each of its `count` items."""

    def infer(first: int, count: int) -> dict[str, int]:
        for _ in range(count):
            run(ready)
        return {"texts": texts}

    return infer
