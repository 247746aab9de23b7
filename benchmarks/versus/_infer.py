"""The three ways texts come to a model that serves: in batches as they come, sorted, one by one."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _classic import BATCH, INFER_TEXTS, Texts, batches, difference, read_texts
from _worker import Peer, Task

ONE_BY_ONE = 512

Together = Callable[[list[Any]], list[np.ndarray]]
Alone = Callable[[Any], np.ndarray]


def inference_peer(
    folder: str,
    form: Callable[[Texts], Any],
    together: Together,
    alone: Alone,
    settings: str,
    packages: list[str],
) -> Peer:
    """Make the peer whose items are passes over all the texts.

    `form` puts a batch into the shape that the runtime wants; that is not timed. `together` maps
    batches to probabilities, in order, and may work on several at a time; `alone` answers for one
    batch, as to a caller who waits. Every input is seen once before the timing starts.
    """
    held_out = read_texts(folder, "valid").take(np.arange(INFER_TEXTS))
    sorted_by_length = held_out.take(np.argsort(np.diff(held_out.offsets), kind="stable"))
    inputs = {
        "as they come": batches(held_out, INFER_TEXTS // BATCH),
        "sorted by length": batches(sorted_by_length, INFER_TEXTS // BATCH),
        "one text": batches(held_out, ONE_BY_ONE, size=1),
    }
    tasks, differences = {}, {}
    for name, texts in inputs.items():
        ready, one = [form(batch) for batch in texts], name == "one text"
        tasks[name] = _latency(alone, ready) if one else _pass(together, ready)
        answers = [alone(batch) for batch in ready] if one else together(ready)
        few = slice(2 * BATCH // len(texts[0]))
        differences[name] = max(
            difference(found, batch) for found, batch in zip(answers[few], texts[few], strict=True)
        )
    return Peer(tasks, settings, packages, {"difference": differences})


def _pass(together: Together, ready: list[Any]) -> Task:
    """Return the task that answers every text once for each of its `count` items."""

    def infer(first: int, count: int) -> dict[str, int]:
        for _ in range(count):
            together(ready)
        return {"units": count * INFER_TEXTS}

    return infer


def _latency(alone: Alone, ready: list[Any]) -> Task:
    """Return the same task, answering one text after another; its figure is the median time."""

    def infer(first: int, count: int) -> dict[str, float]:
        taken = []
        for text in count * ready:
            started = time.perf_counter()
            alone(text)
            taken.append(time.perf_counter() - started)
        return {"units": len(taken), "typical_seconds": statistics.median(taken)}

    return infer
