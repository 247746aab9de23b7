"""From raw text to labels: fastText, which has no command in its wheel, so the shortest Python.

Four models, of unigrams and bigrams, of fastText's own 100 dimensions and of 10, which are as
accurate here and faster; learning rate and epochs as in `fasttext_job.py`. `predict` is given all
lines at once: a call for each line was slower.
"""

import json
import sys
from pathlib import Path

from _command import command
from _fasttext import BIGRAMS, UNIGRAMS
from _worker import Peer, serve

PREDICT = """
import sys, fasttext
model = fasttext.load_model(sys.argv[1])
with open(sys.argv[2]) as file:
    labels, probabilities = model.predict(file.read().split("\\n")[:-1])
print(*(f"{l[0]}\\t{p[0]:.4f}" for l, p in zip(labels, probabilities)), sep="\\n")
"""
TEST = "import sys, fasttext; print(fasttext.load_model(sys.argv[1]).test(sys.argv[2]))"


def prepare(options):
    """Train the models that are not there yet, each in a process of its own."""
    folder = Path(options["folder"])
    models, lines, labelled = folder / "models", folder / "reviews.txt", folder / "labelled.txt"
    models.mkdir(exist_ok=True)

    def task(program, model, file):
        words = [sys.executable, "-c", program, model, file]
        output = folder / "fasttext.labels"
        command(*words, output=output)
        return lambda first, count: command(*words, output=output)

    tasks = {}
    for name, settings in {"unigrams": UNIGRAMS, "with bigrams": BIGRAMS}.items():
        for dim in (10, 100):
            model = models / f"fasttext-{name.split()[-1]}-{dim}.bin"
            if not model.exists():
                wanted = json.dumps(settings | {"dim": dim, "thread": options["threads"]})
                script = Path(__file__).with_name("_fasttext.py")
                command(sys.executable, script, labelled, model, wanted)
            tasks[f"predict, {name}, dim {dim}"] = task(PREDICT, model, lines)
            tasks[f"test, {name}, dim {dim}"] = task(TEST, model, labelled)
    return Peer(tasks, "`load_model`, then `predict` or `test`.", ["fasttext"])


if __name__ == "__main__":
    serve(prepare)
