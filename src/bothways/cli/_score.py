"""bothways predict --out: shards in, shards out."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bothways.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console

    from bothways.scoring import Done, Plan, Summary


def score(model: str, data: str, out: str, *, json: bool, **options: Any) -> None:
    """Score the shards of `data` into `out`, and say what was done.

    `options` are those of `bothways.scoring.score`. Raises `DataError` at the end if a shard
    could not be read.
    """
    from bothways import scoring
    from bothways.cli._output import messages, print_json

    signal.signal(signal.SIGTERM, _terminated)
    console = messages()
    try:
        with _Bar(console) as bar:
            summary = scoring.score(model, data, out, watcher=bar, **options)
    except (KeyboardInterrupt, SystemExit):
        console.print("what is written stays; the same command goes on with the rest")
        raise
    if json:
        print_json(_document(data, summary))
    else:
        console.print(_sentence(summary))
    if summary.failed:
        name, why = next(iter(summary.failed.items()))
        more = f", the first of which is {name}" if len(summary.failed) > 1 else ""
        raise DataError(
            f"{len(summary.failed):,} of {summary.shards:,} shards could not be scored{more}: {why}"
        )


def _terminated(number: int, _: object) -> None:
    sys.exit(128 + number)


class _Bar:
    """Shards and rows in a terminal; elsewhere what is worth a line. A `scoring.Watcher`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.completed:,}/{task.total:,} shards"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[rows]:,} rows"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = TaskID(0)
        self._rows = 0

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def planned(self, plan: Plan) -> None:
        """Say what is not done again, how columns are named, and begin the bar."""
        if plan.done:
            self._console.print(f"there already: {plan.done:,} shard{'s' * (plan.done != 1)}")
        if plan.settings.prefix:
            self._console.print(f"the new columns begin with {plan.settings.prefix}")
        total = len(plan.jobs)
        self._task = self._bar.add_task("", total=total, rows=0, rate="")
        self._bar.start()

    def happened(self, event: Done | int) -> None:
        """Move the bar on; a shard that failed is told at once."""
        if isinstance(event, int):
            self._rows += event
            spent = self._bar.tasks[0].elapsed or 0.0
            rate = f"{self._rows / spent:,.0f} rows/s" if spent > 1 else ""
            self._bar.update(self._task, rows=self._rows, rate=rate)
            return
        self._bar.update(self._task, advance=1)
        if event.failed is not None:
            self._console.print(f"bothways: {event.failed}")


def _sentence(s: Summary) -> str:
    from bothways.storage import show

    written = s.shards - s.already - len(s.failed)
    shards, rows = (
        f"{n:,} {one}{'s' * (n != 1)}" for n, one in ((written, "shard"), (s.rows, "row"))
    )
    lines = [f"new in {show(s.out)}: {shards} with {rows}"]
    if s.rows:
        lines[0] += (
            f" ({s.seconds:.1f} s, {s.rate:,.0f} rows/s; {s.not_the_model:.0%} of the work was "
            "not the model)"
        )
    if s.errors:
        lines.append(f"{s.errors:,} rows have no answer: see the column {s.prefix}error")
    if s.cost.cut_texts:
        lines.append(f"{s.cost.cut_texts:,} texts were cut at the length that the model reads")
    return "\n".join(lines)


def _document(data: str, s: Summary) -> dict[str, Any]:
    from bothways.storage import without_secrets

    cost = asdict(s.cost)
    return {
        "model": s.model,
        "fingerprint": s.fingerprint,
        "data": without_secrets(data),
        "out": without_secrets(s.out),
        "text": s.text,
        "prefix": s.prefix,
        "shards": s.shards,
        "already_there": s.already,
        "failed": s.failed,
        "rows": s.rows,
        "errors": s.errors,
        "cut_texts": cost.pop("cut_texts"),
        "seconds": s.seconds,
        "rows_per_second": s.rate,
        "not_the_model": s.not_the_model,
        "processor_seconds": cost,
    }
