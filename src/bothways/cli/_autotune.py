"""What `train --autotune` shows of a search, and says of its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from rich.progress import BarColumn, Progress, TextColumn

from bothways import artifact
from bothways.errors import require

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bothways.estimators import TextClassifier
    from bothways.training import Epoch, Preset
    from bothways.tuning import Trial

# Beside the first trial, in a terminal of eighty columns.
_SHOWN = 5


class Wanted(NamedTuple):
    """Seconds of the whole command, and bytes of the model."""

    seconds: float
    max_size: int | None


def wanted(autotune: str | None, max_size: str | None) -> Wanted | None:
    """What `--autotune` and `--max-size` ask for; None if there is nothing to search."""
    if autotune is None:
        if max_size is not None:
            raise typer.BadParameter("--max-size is for --autotune; see also bothways compress")
        return None
    require("optuna", extra="tune", purpose="--autotune")
    from bothways._amounts import parse_duration, parse_size

    return Wanted(parse_duration(autotune), None if max_size is None else parse_size(max_size))


class TuningProgress:
    """A bar over the time, and a line for each trial.

    It is a `bothways.training.Watcher` of every trial and a context manager.
    """

    def __init__(self, console: Console, seconds: float, started: float) -> None:
        self.console, self._started = console, started
        self._number, self._best = 1, ""
        self._bar = Progress(
            TextColumn("trial {task.fields[number]}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f} of {task.total:.0f} s{task.fields[best]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=seconds, number=1, best="")

    def __enter__(self) -> TuningProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def started(self, epochs: int, steps: int) -> None:
        self._update()

    def stepped(self, epoch: int, documents: int, loss: float) -> None:
        self._update()

    def validated(self, epoch: Epoch, best: bool) -> None:
        self._update()

    def report(self, trial: Trial) -> None:
        """Print the trial's line."""
        self._number = trial.number + 1
        if trial.best:
            self._best = f", best {trial.accuracy:.4f}"
        accuracy = "-" if trial.accuracy is None else f"{trial.accuracy:.4f}"
        how = trial.reason or f"{accuracy}{' *' if trial.best else ''}"
        state = "" if trial.state in ("finished", "failed") else f" {trial.state}"
        what = in_words(trial.changes) or "the preset"
        self.console.print(f"trial {trial.number}: {trial.seconds:.1f} s{state}, {how}, {what}")

    def _update(self) -> None:
        used = time.monotonic() - self._started
        self._bar.update(self._task, completed=used, number=self._number, best=self._best)


def tuned(
    classifier: TextClassifier,
    console: Console,
    texts: Any,
    labels: Any,
    wanted: Wanted,
    started: float,
    **fit: Any,
) -> TextClassifier:
    """The best classifier found within the time, each trial told as it comes."""
    from bothways.tuning import autotune, first_recipe

    with TuningProgress(console, wanted.seconds, started) as progress:
        best = autotune(
            texts,
            labels,
            seconds=wanted.seconds,
            max_size=wanted.max_size,
            classifier=classifier,
            report=progress.report,
            watcher=progress,
            started=started,
            **fit,
        )
    quality, facts = best.model_.spec.quality, best.model_.spec.training["autotune"]
    name, score = artifact.score(quality)
    first = first_recipe(classifier, texts, fit.get("valid"), fit.get("held_out"))
    console.print(table(best.trials_, first, name))
    console.print(
        f"{name} {score:.4f} is the best of {facts['trials']} trials on the same "
        f"{quality['held_out_texts']:,} held-out texts, partly by luck: measure it on other texts "
        "with bothways evaluate"
    )
    return best


def table(trials: list[Trial], base: Preset, score: str) -> Table:
    """The first trial and the most accurate others, with the fields in which they differ."""
    from rich.table import Table

    judged = [trial for trial in trials if trial.state in ("finished", "stopped")]
    judged = [trial for trial in judged if trial.accuracy is not None]
    ranked = sorted(judged, key=lambda t: (-(t.accuracy or 0), t.log_loss))
    shown = [trials[0], *[trial for trial in ranked if trial.number > 1][:_SHOWN]]
    names = [name for name in vars(base) if any(name in trial.changes for trial in shown)]
    found = Table("", *(f"trial {trial.number}" for trial in shown), box=None, pad_edge=False)
    found.add_row(score, *(f"{trial.accuracy:.4f}" for trial in shown))
    found.add_row("log loss", *(f"{trial.log_loss:.4f}" for trial in shown))
    found.add_row("seconds", *(f"{trial.seconds:.1f}" for trial in shown))
    found.add_row("size", *(f"{trial.bytes / 1e6:.1f} MB" for trial in shown))
    for name in names:
        found.add_row(name, *(str(t.changes.get(name, getattr(base, name))) for t in shown))
    return found


def in_words(changes: dict[str, Any]) -> str:
    """`hidden_size 64, learning_rate 0.007`."""
    return ", ".join(f"{name} {value}" for name, value in changes.items())
