"""Training step of the classic model: torch, padded, bfloat16 autocast; it reads the padding."""

from _torch import prepare_torch
from _worker import serve


def prepare(options):
    """Leave the padding in and halve the width: torch's fastest way."""
    return prepare_torch(
        options, "Padded to 600, no mask; bf16 autocast; RMSprop foreach.", bf16=True
    )


if __name__ == "__main__":
    serve(prepare)
