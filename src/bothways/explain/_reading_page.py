"""Readings as a page for the browser; `reading.html` is its template."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from bothways.explain._reading import SURE, Readings
from bothways.explain._reading_terminal import heading, turns_sentence, where
from bothways.pages import SERIES, picture, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def readings_page(of: Readings, *, model: str, data: str) -> str:
    """The document, with the texts of the turns. Raises `MissingExtraError` without matplotlib or
    jinja2."""
    ends = "; ".join(
        f"{r.name}: {r.accuracy[0]:.1%} before the first word, {r.accuracy[-1]:.1%} at the end"
        for r in of.readings
    )
    return render(
        Path(__file__).parent / "reading.html",
        title="As the words come in",
        subtitle=f"How {Path(model).name or model} reads {of.texts:,} texts of "
        f"{Path(data).name or data}",
        of=of,
        heading=heading(of),
        accuracy=picture(partial(draw_accuracy, of=of), f"Accuracy by {heading(of)}. {ends}."),
        settled=picture(
            partial(draw_settled, of=of),
            f"How many answers do not change any more, by {heading(of)}.",
        ),
        columns=[heading(of), *(r.name for r in of.readings)],
        rows=[
            [
                where(of, point),
                *(f"{r.accuracy[n]:.1%}".replace("%", "\u00a0%") for r in of.readings),
            ]
            for n, point in enumerate(of.grid)
        ],
        sentence=turns_sentence(of),
        sure=SURE,
    )


def draw_accuracy(figure: Figure, of: Readings) -> None:
    """A curve for each reading, with its interval."""
    axes = figure.subplots()
    for reading, color in zip(of.readings, cycle(SERIES), strict=False):
        low, high = zip(*reading.intervals, strict=True)
        axes.fill_between(of.grid, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(of.grid, reading.accuracy, color=color, label=reading.name)
    axes.set_ylabel("accuracy")
    _finish(axes, of)


def draw_settled(figure: Figure, of: Readings) -> None:
    """A curve for each reading: the share of answers that stay."""
    axes = figure.subplots()
    for reading, color in zip(of.readings, cycle(SERIES), strict=False):
        axes.plot(of.grid, reading.settled, color=color, label=reading.name)
    axes.set_ylabel("answers that stay")
    axes.set_ylim(-0.02, 1.02)
    _finish(axes, of)


def _finish(axes: Axes, of: Readings) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_xlabel(heading(of))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    if of.by == "share":
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    else:
        axes.set_xscale("symlog", linthresh=10)
        ticks = [w for w in (0, 1, 10, 100, 1000) if w <= of.grid[-1]]
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.set_xlim(left=0)
    axes.legend(loc="lower right")
