"""Whole job: Bothways by its command line, as a user types it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from _job import job
from _worker import Peer, serve


def command(*words):
    """Run one `bothways` command; return what it prints, and say what it said if it failed."""
    done = subprocess.run(
        [Path(sys.executable).with_name("bothways"), *map(str, words)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"`bothways {words[0]}` failed: {said[-1]}")
    return done.stdout


def prepare(options):
    """Train by a preset, then evaluate; starting Python twice is part of the job."""
    folder, threads = Path(options["folder"]), options["threads"]

    def task(preset):
        model = folder / "models" / preset

        def train():
            shutil.rmtree(model, ignore_errors=True)
            model.parent.mkdir(exist_ok=True)
            data = folder / "train.parquet"
            command("train", data, "--out", model, "--preset", preset, "--threads", threads)

        def accuracy(_):
            report = command("evaluate", model, folder / "valid.parquet", "--json")
            return json.loads(report)["accuracy"]

        return job(train, accuracy)

    command("info")
    return Peer(
        tasks={preset: task(preset) for preset in ("fast", "classic")},
        settings="`bothways train --preset`, `bothways evaluate`.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
