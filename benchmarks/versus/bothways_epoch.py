"""The whole training command, one epoch: `bothways train`."""

import json
import shutil
from pathlib import Path

from _command import BOTHWAYS, command
from _worker import Peer, serve


def prepare(options):
    """Run the command as it is typed; it holds out a fifth by itself."""
    folder, precision = Path(options["folder"]), options["precision"]
    model = folder / "models" / f"epoch-{precision}"
    model.parent.mkdir(exist_ok=True)
    report = model.with_suffix(".json")

    def run(first, count):
        shutil.rmtree(model, ignore_errors=True)
        recipe = ["--preset", "classic", "--epochs", 1, "--threads", options["threads"]]
        recipe += ["--precision", precision, "--json"]
        taken = command(BOTHWAYS, "train", options["data"], "--out", model, *recipe, output=report)
        return taken | {"accuracy": json.loads(report.read_text())["quality"]["accuracy"]}

    return Peer(
        tasks={"command": run},
        settings=f"`bothways train DATA --out MODEL --preset classic --epochs 1`, {precision}.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
