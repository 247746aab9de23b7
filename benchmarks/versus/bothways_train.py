"""Training step of the classic model: Bothways. Ragged ids in, no padding anywhere."""

from _bothways import examples, trainer
from _classic import TRAIN_BATCHES
from _training import training_peer
from _worker import serve


def prepare(options):
    """Hand over all the batches, then time steps."""
    optimizer, precision = options["optimizer"], options["precision"]
    step, probabilities = trainer(options["threads"], optimizer, precision)
    return training_peer(
        options["folder"],
        form=examples,
        step=lambda batch: step(*batch),
        probabilities=probabilities,
        settings=f"Ragged; row-sparse {optimizer} that follows the dense one; {precision}.",
        packages=["bothways"],
        warm=TRAIN_BATCHES,
    )


if __name__ == "__main__":
    serve(prepare)
