"""How a training run looks in a terminal; elsewhere it is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from rich.console import Console

    from bothways.training import Epoch, UnfinishedRun


class TrainingProgress:
    """A bar over all epochs with the rate and the time left, and a line for each epoch.

    It is a `bothways.training.Watcher` and a context manager.
    """

    def __init__(self, console: Console, run: UnfinishedRun | None = None) -> None:
        self.console, self._run = console, run
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[more]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = TaskID(0)
        self._epochs = 0
        self._loss = 0.0
        self._reads: str | None = None

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reading(self, what: str, rows: int, of: int | None) -> None:
        """Before the training, while a cache is made: a `bothways.corpus.Progress`."""
        if what != self._reads:
            self._forget()
            self._reads, self._task = what, self._bar.add_task(what, total=of, more="")
        speed = self._bar.tasks[0].speed
        rate = f" {speed:,.0f} texts/s" if speed else ""
        self._bar.update(self._task, completed=rows, more=f"{rows:,} texts{rate}")

    def _forget(self) -> None:
        for task in self._bar.task_ids:
            self._bar.remove_task(task)

    def started(self, epochs: int, steps: int) -> None:
        self._forget()
        self._epochs = epochs
        done = self._run.steps if self._run else 0
        if done:
            self.console.print(f"going on after {done:,} of {epochs * steps:,} steps")
        self._task = self._bar.add_task(
            f"epoch 1/{epochs}", total=epochs * steps, completed=done, more=""
        )

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        # A running mean over some fifty batches: one batch says little.
        self._loss = loss if not self._loss else self._loss + (loss - self._loss) / 50
        task = self._bar.tasks[0] if self._bar.tasks else None
        speed = task.speed if task else None
        rate = f"{speed * documents:,.0f} texts/s " if speed else ""
        share = f"{task.percentage:.0f} % " if task else ""
        more = f"{share}{rate}loss {self._loss:.3f}"
        described = f"epoch {epoch}/{self._epochs}"
        self._bar.update(self._task, advance=1, description=described, more=more)

    def validated(self, epoch: Epoch, best: bool) -> None:
        if not self.console.is_terminal:
            return
        valid = ""
        if epoch.valid_accuracy is not None:
            name = "accuracy" if epoch.valid_f1 is None else "micro F1"
            valid = f", held-out {name} {epoch.score:.4f}, loss {epoch.valid_loss:.4f}"
        self.console.print(
            f"epoch {epoch.epoch}: {epoch.train_seconds:.1f} s, "
            f"training loss {epoch.train_loss:.4f}{valid}{' *' if best else ''}"
        )
