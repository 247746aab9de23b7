"""Inference of the classic model: Bothways' runtime, ragged ids in, no padding anywhere."""

from _bothways import predictor
from _infer import inference_peer
from _worker import serve


def prepare(options):
    """One batch after another; the threads work inside it."""
    precision = options["precision"]
    probabilities = predictor(options["threads"], precision)
    return inference_peer(
        options["folder"],
        form=lambda texts: texts,
        together=lambda batches: [probabilities(batch) for batch in batches],
        alone=probabilities,
        settings=f"Ragged; {precision}.",
        packages=["bothways"],
    )


if __name__ == "__main__":
    serve(prepare)
