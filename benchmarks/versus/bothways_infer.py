"""Inference of the classic model: Bothways' runtime, ragged ids in, no padding anywhere."""

from _bothways import classic_spec, classic_tensors
from _infer import inference_peer
from _worker import serve

from bothways import Ragged
from bothways.runtime import Network


def make_model(threads):
    """Return a function from one batch (values, offsets) to its probabilities, (N,) float32.

    The model is the classic one with `first_weights()`.
    """
    network = Network(classic_spec(), classic_tensors())

    def probabilities(batch):
        ids = Ragged(batch.values, batch.offsets)
        return network.probabilities(ids, threads=threads)[:, 1]

    return probabilities


def prepare(options):
    """One batch after another; the threads work inside it."""
    probabilities = make_model(options["threads"])

    def run(batches):
        return [probabilities(batch) for batch in batches]

    return inference_peer(
        options["folder"],
        form=lambda texts: texts,
        together=run,
        alone=run,
        settings="Ragged.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
