"""From raw text to labels: `bothways predict`, with a model of each preset."""

import shutil
from pathlib import Path

from _command import BOTHWAYS, command
from _worker import Peer, serve


def prepare(options):
    """Train each preset for one epoch, which decides nothing about the speed; then predict."""
    folder, threads = Path(options["folder"]), options["threads"]

    def task(preset):
        model, labels = folder / "models" / f"predict-{preset}", folder / f"{preset}.labels"
        shutil.rmtree(model, ignore_errors=True)
        recipe = ["--preset", preset, "--epochs", 1, "--threads", threads]
        command(BOTHWAYS, "train", folder / "train.parquet", "--out", model, *recipe)

        def run(first, count):
            lines = folder / "reviews.txt"
            return command(BOTHWAYS, "predict", model, lines, "--threads", threads, output=labels)

        run(0, 1)
        return run

    return Peer(
        tasks={preset: task(preset) for preset in ("classic", "fast")},
        settings="`bothways predict MODEL FILE`.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
