"""Titles of panels, and names beside points."""

from math import exp, log

from colours import INK, OURS, SOFT


def title(axis, name, subtitle):
    """A title in bold, and below it what the panel shows."""
    axis.set_title(f"{name}\n", loc="left", weight="bold", fontsize=12, x=0)
    axis.text(0, 1.015, subtitle, transform=axis.transAxes, fontsize=9, color=SOFT, va="bottom")


def beside(axis, points, log_scale=False):
    """Write each point's (name, x, y, row) in a column to the right, tied to it by a line.

    Names never stand on one another.
    """
    scale, back = (log, exp) if log_scale else (float, float)
    low, high = map(scale, axis.get_ylim())
    gap, place = 0.085 * (high - low), low
    left, right = axis.get_xlim()
    column = right * (right / left) ** 0.05
    for name, x, y, row in sorted(points, key=lambda point: point[2]):
        place = max(scale(y), place + gap)
        ink, weight = (OURS, "bold") if row["ours"] else (INK, "normal")
        axis.plot([x, column], [y, back(place)], color="#c5ccd3", lw=0.8, zorder=1)
        axis.text(column, back(place), f" {name}", va="center", color=ink, weight=weight)
    axis.set_xlim(left, column * (column / left) ** 0.75)
