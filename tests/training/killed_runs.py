"""Train in child processes that are killed at random moments, and go on each time.

    python killed_runs.py FOLDER KILLS SEED

Prints how many children were killed, how many had something to go on with, and the digest of the
weights that the last one saved.
"""

from __future__ import annotations

import math
import os
import random
import signal
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from bothways import TextClassifier
from bothways.training import UnfinishedRun, preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import tiny_corpus

RECIPE = replace(
    preset("fast"),
    embedding_dim=24,
    hidden_size=12,
    batch_size=8,
    epochs=40,
    least_steps=0,
    adversarial=0.3,
    optimizer="adamw",
    weight_decay=0.01,
)


def train(folder: Path) -> None:
    """A run to its end, with its state saved after each step."""
    texts, labels = tiny_corpus(60)
    classifier = TextClassifier(preset=RECIPE, threads=1)
    with UnfinishedRun(folder / "model", resume=True, every=0, share=math.inf) as run:
        classifier.fit(texts, labels, run=run)
        classifier.save(folder / "model", overwrite=True)
        run.finish()


def digest(folder: Path) -> str:
    """That of the weights."""
    return sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()


def child(folder: Path) -> int:
    """Start a training in another process; its number."""
    number = os.fork()
    if number == 0:
        code = 1
        try:
            train(folder)
            code = 0
        finally:
            os._exit(code)
    return number


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill `kills` children, each a random time after its start; every third may end."""
    chance = random.Random(seed)
    (folder / "whole").mkdir()
    started = time.perf_counter()
    os.waitpid(child(folder / "whole"), 0)
    longest = time.perf_counter() - started
    killed = kept = 0
    for number in range(kills):
        place = folder / f"run{number // 3}"
        place.mkdir(exist_ok=True)
        victim = child(place)
        time.sleep(chance.uniform(0, longest))
        os.kill(victim, signal.SIGKILL)
        killed += os.waitpid(victim, 0)[1] == signal.SIGKILL
        kept += (place / "model.run" / "state").exists()
        if number % 3 == 2 or number == kills - 1:
            assert os.waitpid(child(place), 0)[1] == 0
            assert digest(place) == digest(folder / "whole")
            assert [path.name for path in place.iterdir()] == ["model"]
    print(killed, kept, digest(folder / "whole"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
