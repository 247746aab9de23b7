"""Rows of results as figures: finding one, comparing two, and writing numbers."""

from fnmatch import fnmatchcase
from math import floor, log10

EXACT = 1e-5  # a larger difference than rounding in float32 can explain


def measured(record, label="*", task="*"):
    """The rows with a figure whose label and task fit the patterns; competitors, fastest first."""
    rows = [
        row
        for row in record["rows"]
        if "median_seconds" in row and fnmatchcase(row["label"], label)
        if fnmatchcase(row["task"], task)
    ]
    return sorted(rows, key=lambda row: row["median_seconds"])


def ratio(peer, ours):
    """How many times as long the peer took: by the medians, and least and most within a round."""
    rounds = [a / b for a, b in zip(peer["unit_seconds"], ours["unit_seconds"], strict=False)]
    return peer["median_seconds"] / ours["median_seconds"], min(rounds), max(rounds)


def short(number):
    """Three figures: 0.0123, 0.123, 1.23, 12.3, 123, 1,234."""
    return f"{number:,.{max(0, 2 - floor(log10(number)))}f}" if number > 0 else f"{number:.0f}"


def spread(row, unit):
    """Median, and the least and most of the rounds, in the unit."""
    low, high = sorted(map(unit.figure, (row["least_seconds"], row["most_seconds"])))
    return f"{short(unit.figure(row['median_seconds']))} ({short(low)} to {short(high)})"


def reason(row):
    """The failure in one line that cannot break the table."""
    return row["failed"].splitlines()[0].replace("|", "\\|")[:160]
