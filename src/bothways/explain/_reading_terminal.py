"""Readings for a terminal: a table of accuracies, and the texts that were turned around."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bothways.explain._reading import Readings, Turn
from bothways.pages import visible

TURNS = 3  # printed; the others are in the page and in --json
_BEFORE, _AFTER = 120, 200  # characters shown around a turn


def show_readings(console: Console, of: Readings) -> None:
    """Print the readings."""
    console.print(f"accuracy on {of.texts:,} texts by {heading(of)}\n")
    table = Table(heading(of), box=None, pad_edge=False)
    for reading in of.readings:
        table.add_column(reading.name, justify="right")
    for n, point in enumerate(of.grid):
        if of.by == "words" or n % 2 == 0:
            table.add_row(where(of, point), *(f"{r.accuracy[n]:.4f}" for r in of.readings))
    console.print(table)
    console.print()
    for reading in of.readings:
        console.print(
            f"{reading.name}: half of the answers stay from {reading.median_settled:.0%} of the "
            f"text on, nine in ten from {reading.late_settled:.0%}",
            soft_wrap=True,
        )
    console.print(f"\n{turns_sentence(of)}")
    for turn in of.turns[:TURNS]:
        console.print()
        console.print(_turn(turn))


def heading(of: Readings) -> str:
    """What the grid counts."""
    return "share of the text read" if of.by == "share" else "words read"


def where(of: Readings, point: float) -> str:
    """A point of the grid."""
    return f"{point:.0%}" if of.by == "share" else f"{point:,}"


def turns_sentence(of: Readings) -> str:
    """How often hindsight turned a first impression around, and to what end."""
    return (
        f"hindsight turned {of.turned:,} first impressions around: {of.turned_right:,} to the "
        f"right label, {of.turned_wrong:,} away from it"
    )


def around(turn: Turn, before: int, after: int) -> tuple[str, str]:
    """The text up to the turn and behind it, of each the part that is near."""
    begun, rest = turn.text[: turn.stop], turn.text[turn.stop :]
    return (
        begun if len(begun) <= before else "… " + begun[-before:],
        rest if len(rest) <= after else rest[:after] + " …",
    )


def _turn(turn: Turn) -> Text:
    begun, rest = around(turn, _BEFORE, _AFTER)
    text = Text()
    text.append(visible(begun), "bold")
    text.append(
        f" [{visible(turn.first)} {turn.first_probability:.2f} after {turn.words:,} words]",
        "yellow",
    )
    text.append(visible(rest))
    text.append(f" [{visible(turn.answer)} {turn.probability:.2f}", "cyan")
    text.append(f", labelled {visible(turn.label)}]", "cyan")
    return text
