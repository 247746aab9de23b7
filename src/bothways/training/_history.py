"""What happened in each epoch, as plain rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the training texts.

    `train_seconds` without the validation; `documents` and `tokens` read in it; losses in
    nats a text; the validation figures are None where nothing was held out. Where a text may
    have several labels, `valid_accuracy` is that of whole sets of them and `valid_f1` the
    micro-averaged F1; elsewhere this is None.
    """

    epoch: int
    train_seconds: float
    documents: int
    tokens: int
    train_loss: float
    valid_loss: float | None
    valid_accuracy: float | None
    valid_f1: float | None = None

    @property
    def score(self) -> float | None:
        """What the best epoch is chosen by: the F1 if there is one, else the accuracy."""
        return self.valid_accuracy if self.valid_f1 is None else self.valid_f1

    def row(self) -> dict[str, Any]:
        """The fields by name; `valid_f1` only where a text may have several labels."""
        row = asdict(self)
        if self.valid_f1 is None:
            del row["valid_f1"]
        return row


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
        return "".join(json.dumps(epoch.row()) + "\n" for epoch in self.epochs)
