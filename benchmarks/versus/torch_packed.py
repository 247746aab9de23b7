"""Training step of the classic model: torch, nn.LSTM over a packed batch, which is exact."""

from _torch import prepare_torch
from _worker import serve


def prepare(options):
    """Pack; the embedding's gradient is dense, since torch's RMSprop takes no sparse one."""
    return prepare_torch(options, "Packed; RMSprop foreach.", packed=True)


if __name__ == "__main__":
    serve(prepare)
