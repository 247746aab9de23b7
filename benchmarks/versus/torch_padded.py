"""Training step of the classic model: torch, nn.LSTM over padded batches; it reads the padding."""

from _torch import prepare_torch
from _worker import serve


def prepare(options):
    """Leave the padding in: torch's fast path asks for that."""
    return prepare_torch(options, "Padded to 600, no mask")


if __name__ == "__main__":
    serve(prepare)
