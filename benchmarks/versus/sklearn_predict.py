"""From raw text to labels: TF-IDF and logistic regression, a pipeline saved by joblib."""

import sys
from pathlib import Path

from _command import command
from _worker import Peer, serve

TRAIN = """
import sys, joblib
sys.path.insert(0, sys.argv[4])
from _job import read
from _sklearn import PIPELINES
joblib.dump(PIPELINES[sys.argv[3]]().fit(*read(sys.argv[1], "train")), sys.argv[2])
"""
PREDICT = """
import sys, joblib
pipeline = joblib.load(sys.argv[1])
with open(sys.argv[2]) as file:
    print(*pipeline.predict(file.read().split("\\n")[:-1]), sep="\\n")
"""


def prepare(options):
    """Train and save the pipelines that are not there yet; not compressed, which loads fastest."""
    folder = Path(options["folder"])
    models, labels = folder / "models", folder / "sklearn.labels"
    models.mkdir(exist_ok=True)

    def task(name):
        model = models / f"sklearn-{name.split()[-1]}.joblib"
        if not model.exists():
            command(sys.executable, "-c", TRAIN, folder, model, name, Path(__file__).parent)
        words = [sys.executable, "-c", PREDICT, model, folder / "reviews.txt"]
        command(*words, output=labels)
        return lambda first, count: command(*words, output=labels)

    return Peer(
        tasks={name: task(name) for name in ("unigrams", "with bigrams")},
        settings="The pipelines of the job below, joblib.load, predict.",
        packages=["scikit-learn", "joblib"],
    )


if __name__ == "__main__":
    serve(prepare)
