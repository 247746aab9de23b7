"""One training of a search: what is known of it, and who watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bothways.errors import ArgumentError
from bothways.training import Epoch, StopTraining, Watcher
from bothways.tuning._budget import Budget

State: TypeAlias = Literal["finished", "pruned", "stopped", "failed"]


@dataclass(frozen=True)
class Trial:
    """What became of a recipe.

    `changes` are its fields that are not those of the recipe that the search began with. `state`
    is `finished`, `pruned` (hopeless beside the others), `stopped` (time was up, or Ctrl-C: its
    best epoch counts) or `failed`, for the `reason`. `epochs` were finished in `seconds`;
    `accuracy` (micro F1 where a text may have several labels) and `log_loss` are those of the
    best of them on the validation part. `bytes` of the folder at most. `best`: the best until
    then.
    """

    number: int
    changes: dict[str, Any]
    state: State
    seconds: float
    epochs: int
    accuracy: float | None
    log_loss: float | None
    bytes: int
    best: bool
    reason: str | None = None


class Pruned(Exception):
    """The trial is hopeless: no model is made of it."""


class TrialWatcher:
    """Ends a training when time is up, or when `judge` raises at the end of an epoch.

    Of the first trial it says at once if there is not enough time for all its epochs. Another
    `watcher` is told everything.
    """

    def __init__(
        self,
        budget: Budget,
        judge: Callable[[Epoch, int], None],
        *,
        first: str | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._budget, self._judge, self._watcher = budget, judge, watcher
        self._first = first
        self._began, self._steps, self._done, self._epochs = budget.used, 0, 0, 0
        self.best: Epoch | None = None
        self.finished = 0
        self.stopped = False

    @property
    def share(self) -> float:
        """How many epochs were trained; whole and part."""
        return self._done / self._steps if self._steps else 0.0

    def started(self, epochs: int, steps: int) -> None:
        self._epochs, self._steps, self._began = epochs, steps, self._budget.used
        if self._watcher:
            self._watcher.started(epochs, steps)

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        self._done += 1
        self._refuse_early()
        if self._watcher:
            self._watcher.stepped(epoch, documents, loss)
        if self._budget.left <= 0 and self._done < self._epochs * self._steps:
            self.stopped = True
            raise StopTraining

    def validated(self, epoch: Epoch, best: bool) -> None:
        self.finished = epoch.epoch
        if best:
            self.best = epoch
        if self._watcher:
            self._watcher.validated(epoch, best)
        self._judge(epoch, self._epochs)

    def _refuse_early(self) -> None:
        """From a second of training, or its twentieth part, one knows how long it will take."""
        taken, share = self._budget.used - self._began, self._done / (self._epochs * self._steps)
        if self._first is None or (taken < 1 and share < 0.05):
            return
        left = taken * (1 - share) / share
        if left > self._budget.left:
            needed = self._budget.used + left + self._budget.kept
            raise ArgumentError(
                f"{self._budget.seconds:g} seconds are too few to search in: one training with "
                f"{self._first} takes about {needed:.{0 if needed >= 10 else 2}f} seconds here, "
                "and a search several"
            )
        self._first = None
