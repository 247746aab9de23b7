"""One bidirectional layer: torch, nn.LSTM over a padded batch in bfloat16; it reads the padding.

Weights, input and gradient are bfloat16: at hidden 128 that took 270 ms a batch, the float32 layer
under autocast 305, and packed in bfloat16 1,359.
"""

import torch
from _torch_layer import prepare_torch_layer
from _worker import serve


def prepare(options):
    """Leave the padding in and halve the width: torch's fastest way."""
    settings = "Padded to the longest, no mask; weights and input in bf16."
    return prepare_torch_layer(options, settings, dtype=torch.bfloat16)


if __name__ == "__main__":
    serve(prepare)
