"""Where a run stands between two steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArtifactError
from bothways.training._history import Epoch, History

Tensors = dict[str, NDArray[np.float32]]


@dataclass
class Progress:
    """The epochs behind, and the one that a run is in.

    `order` is the state of the generator of the order, as the epoch began; of the epoch,
    `batches` are done, with `tokens` and, over their texts, the sum `loss`, in `seconds`;
    `steps` are those of all epochs. `best` has the weights of the best epoch.
    """

    order: dict[str, Any]
    history: History = field(default_factory=History)
    best: Tensors = field(default_factory=dict)
    epoch: int = 1
    steps: int = 0
    batches: int = 0
    tokens: int = 0
    loss: float = 0.0
    seconds: float = 0.0

    @property
    def epochs_since_best(self) -> int:
        """How many epochs are finished without a better one."""
        return self.epoch - 1 - self.history.best_epoch

    def step(self, loss: float, tokens: int, seconds: float) -> None:
        """A step is done; `seconds` since the epoch began."""
        self.batches, self.steps = self.batches + 1, self.steps + 1
        self.loss, self.tokens, self.seconds = self.loss + loss, self.tokens + tokens, seconds

    def finish(self, epoch: Epoch, best: Tensors | None, order: dict[str, Any]) -> None:
        """The epoch is over, `order` is that of the next; `best` are its weights if it is best."""
        self.history.epochs.append(epoch)
        if best is not None:
            self.history.best_epoch, self.best = self.epoch, best
        self.order, self.epoch = order, self.epoch + 1
        self.batches, self.tokens, self.loss, self.seconds = 0, 0, 0.0, 0.0

    def state(self) -> dict[str, Any]:
        """As nested dictionaries of arrays, and of what JSON holds."""
        return {
            "history": [asdict(epoch) for epoch in self.history],
            "best_epoch": self.history.best_epoch,
            **{name: getattr(self, name) for name in _PLAIN},
        }

    def load_state(self, state: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
        """The inverse; the best weights must have `shapes`. Raises `ArtifactError`."""
        best = {name: np.array(array) for name, array in state["best"].items()}
        if best and {name: array.shape for name, array in best.items()} != shapes:
            raise ArtifactError("its best weights have other shapes")
        epochs = [Epoch(**row) for row in state["history"]]
        if not 0 <= state["best_epoch"] <= len(epochs) or bool(best) != bool(state["best_epoch"]):
            raise ArtifactError("its best epoch is none of its epochs")
        for name in _PLAIN:
            value, kind = state[name], type(getattr(self, name))
            if type(value) is not kind or (kind is not dict and not value >= 0):
                raise ArtifactError(f"its {name} is {value!r}")
            setattr(self, name, value)
        self.history, self.best = History(epochs, state["best_epoch"]), best


_PLAIN = ("order", "best", "epoch", "steps", "batches", "tokens", "loss", "seconds")
