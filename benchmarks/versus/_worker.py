"""How a peer talks to `run.py`: a JSON line in, a JSON line out, on standard input and output.

A peer's file ends with `serve(prepare)`. `prepare(options)` loads, warms up and returns a `Peer`.
The worker then sleeps on its input between turns, so that peers can take turns in one run.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

Task = Callable[[int, int], dict[str, Any] | None]
"""`task(first, count)` does the items first .. first + count - 1 (they repeat without end).

It returns facts about the turn, or None. `units`: how many units of the figure it did, if they
are not its items. `typical_seconds`: what one unit took, if it timed them itself.
"""


@dataclass
class Peer:
    """What a peer offers once it is ready."""

    tasks: dict[str, Task]
    settings: str  # how it is set, in words, for the table
    packages: list[str]  # the distributions whose versions are recorded
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)  # name, then task


def serve(prepare: Callable[[dict[str, Any]], Peer]) -> None:
    """Prepare, say so, then answer turns until standard input ends; argv[1] holds the options."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints goes to the log, not into the protocol

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers)

    try:
        options = json.loads(sys.argv[1])
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options["threads"]])
        peer = prepare(options)
        answer(
            ready=True,
            tasks=list(peer.tasks),
            settings=peer.settings,
            versions={name: version(name) for name in peer.packages},
            facts=peer.facts,
        )
        for line in sys.stdin:
            answer(**_turn(peer.tasks, **json.loads(line)))
    except Exception as error:
        answer(failed=f"{type(error).__name__}: {error}")
        raise


def _turn(
    tasks: dict[str, Task], task: str, first: int, count: int, warm: int, at_least: float
) -> dict[str, Any]:
    """Do `warm` items untimed, then groups of `count` until `at_least` seconds have passed."""
    run = tasks[task]
    if warm:
        run(first, warm)
    done = units = 0
    started, used = time.perf_counter(), time.process_time()
    while True:
        facts = run(first + done, count) or {}
        done += count
        units += facts.pop("units", count)
        seconds = time.perf_counter() - started
        if seconds >= at_least:
            break
    cpu_seconds = time.process_time() - used
    return {
        "items": done,
        "units": units,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_bytes": peak_bytes(),
        **facts,
    }


def peak_bytes() -> int:
    """The largest resident size of this process so far, in bytes.

    Not ru_maxrss, which starts at the size of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])
