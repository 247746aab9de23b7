"""Whole job: Bothways by its command line, as a user types it."""

import json
import shutil
from pathlib import Path

from _command import BOTHWAYS, command
from _job import job
from _worker import Peer, serve


def prepare(options):
    """Train by a preset, then evaluate; starting Python twice is part of the job.

    `fast` learns from all training texts and keeps its last epoch; `classic`, whose rate does
    not fall, holds out a fifth of them to choose one.
    """
    folder, threads = Path(options["folder"]), options["threads"]
    models = folder / "models"
    models.mkdir(exist_ok=True)

    def task(preset, *how):
        model, report = models / preset, models / f"{preset}.json"

        def train():
            shutil.rmtree(model, ignore_errors=True)
            data = folder / "train.parquet"
            recipe = ["--preset", preset, *how, "--threads", threads]
            command(BOTHWAYS, "train", data, "--out", model, *recipe)

        def accuracy(_):
            valid = folder / "valid.parquet"
            command(BOTHWAYS, "evaluate", model, valid, "--json", output=report)
            return json.loads(report.read_text())["accuracy"]

        return job(train, accuracy)

    command(BOTHWAYS, "info")
    return Peer(
        tasks={"fast": task("fast", "--valid", "none"), "classic": task("classic")},
        settings="`bothways train --preset fast --valid none` or `--preset classic`, which holds "
        "out a fifth; `bothways evaluate`.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
