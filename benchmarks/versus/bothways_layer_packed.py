"""One bidirectional layer: bothways.nn.LSTM in the place of torch's, over the same packed batch."""

from _torch_layer import prepare_torch_layer
from _worker import serve

from bothways.nn import LSTM


def prepare(options):
    """What changing one import gives: the program is that of `torch_layer_packed.py`."""
    how = {"lstm_class": LSTM, "packages": ("bothways", "torch")}
    return prepare_torch_layer(options, "nn.LSTM, packed, float32.", packed=True, **how)


if __name__ == "__main__":
    serve(prepare)
