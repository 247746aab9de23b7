"""How a training run looks in a terminal; elsewhere it is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = TaskID(0)
        self._loss = 0.0

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def started(self, epochs: int, steps: int) -> None:
        done = self._run.steps if self._run else 0
        if done:
            self.console.print(f"going on after {done:,} of {epochs * steps:,} steps")
        fields: dict[str, Any] = {"epoch": 1, "epochs": epochs, "rate": "", "loss": 0.0}
        self._task = self._bar.add_task("", total=epochs * steps, completed=done, **fields)

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        # A running mean over some fifty batches: one batch says little.
        self._loss = loss if not self._loss else self._loss + (loss - self._loss) / 50
        task = self._bar.tasks[0] if self._bar.tasks else None
        speed = task.speed if task else None
        rate = f"{speed * documents:,.0f} texts/s" if speed else ""
        self._bar.update(self._task, advance=1, epoch=epoch, rate=rate, loss=self._loss)

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
