"""The whole training command, one epoch: the same job in Keras on JAX, one process.

It is `_keras_epoch.py`. Keras's own way with text, TextVectorization, runs on TensorFlow whatever
the backend; it adapts and encodes whole arrays, faster than by batches. The rest is as in
`keras_jax.py`: compiled, which includes compiling here.
"""

import json
import sys
from pathlib import Path

from _command import command
from _worker import Peer, serve


def prepare(options):
    """Each turn is a process of its own; it prints the accuracy on what it held out."""
    folder = Path(options["folder"]) / "models"
    folder.mkdir(exist_ok=True)
    script, report = Path(__file__).with_name("_keras_epoch.py"), folder / "keras.json"

    def run(first, count):
        words = [sys.executable, script, options["data"], folder / "epoch.keras"]
        taken = command(*words, output=report)
        return taken | {"accuracy": json.loads(report.read_text())["accuracy"]}

    return Peer(
        tasks={"command": run},
        settings="TextVectorization, fit, save .keras; masked, padded to 600, compiled by XLA.",
        packages=["keras", "jax", "tensorflow-cpu"],
    )


if __name__ == "__main__":
    serve(prepare)
