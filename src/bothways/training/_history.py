"""What happened in each epoch, as plain rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One pass over the training texts.

    `train_seconds` without the validation; `documents` and `tokens` read in it; losses in
    nats a text; the validation figures are None where nothing was held out.
    """

    epoch: int
    train_seconds: float
    documents: int
    tokens: int
    train_loss: float
    valid_loss: float | None
    valid_accuracy: float | None


@dataclass
class History:
    """The epochs of a run, the best of them, and whether it was interrupted."""

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    interrupted: bool = False

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights were kept; None if none was finished."""
        return self.epochs[self.best_epoch - 1] if self.best_epoch else None

    def to_jsonl(self) -> str:
        """A JSON object a line, an epoch each."""
        return "".join(json.dumps(asdict(epoch)) + "\n" for epoch in self.epochs)
