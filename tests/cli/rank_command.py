"""The command line in a process whose run is saved after each step, and which may end on the way.

END='[[restart, rank, step, "kill" | "memory" | "error"], ...]' python rank_command.py train ...
"""

from __future__ import annotations

import json
import math
import os
import signal
from functools import partial

import bothways.training as training
from bothways.cli import main
from bothways.errors import DataError

PLACE = [int(os.environ.get(name, 0)) for name in ("TORCHELASTIC_RESTART_COUNT", "RANK")]
ENDS = {step: how for *place, step, how in json.loads(os.environ["END"]) if place == PLACE}


def step(learner, *arguments, plain=training.KernelLearner.step):
    learner.steps = getattr(learner, "steps", 0) + 1
    how = ENDS.get(learner.steps)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "memory":
        raise MemoryError
    if how == "error":
        raise DataError("row 7 has gone")
    return plain(learner, *arguments)


if __name__ == "__main__":
    training.KernelLearner.step = step
    training.UnfinishedRun = partial(training.UnfinishedRun, every=0, share=math.inf)
    main()
