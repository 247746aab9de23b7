"""One bidirectional layer: torch, nn.LSTM over a padded batch in float32; it reads the padding."""

from _torch_layer import prepare_torch_layer
from _worker import serve


def prepare(options):
    """Leave the padding in: torch's fast path (oneDNN) asks for that."""
    return prepare_torch_layer(options, "Padded to the longest, no mask; float32.")


if __name__ == "__main__":
    serve(prepare)
