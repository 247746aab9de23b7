"""One bidirectional layer: torch, nn.LSTM over a packed batch in float32; exact."""

from _torch_layer import prepare_torch_layer
from _worker import serve


def prepare(options):
    """Pack inside the timing, as every step of a training must."""
    return prepare_torch_layer(options, "Packed, float32.", packed=True)


if __name__ == "__main__":
    serve(prepare)
