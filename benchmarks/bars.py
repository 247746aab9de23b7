"""Horizontal bars on a log scale, with their figures."""

from colours import INK, OURS, SOFT, colour, exact


def bars(axis, entries):
    """Draw (label, value, row) from bottom to top; no value: a heading."""
    values = [value for _, value, _ in entries if value]
    least = min(values) / 2.5
    axis.set_xscale("log")
    for place, (label, value, row) in enumerate(entries):
        if value is None:
            _name(axis, place - 0.12, label, SOFT, "normal")
            continue
        ink, weight = (OURS, "bold") if row["ours"] else (INK, "normal")
        axis.barh(place, value - least, left=least, height=0.68, color=colour(row), zorder=2)
        note = "" if exact(row) else "  not exact"
        axis.text(value * 1.06, place, _figure(value) + note, va="center", color=ink, weight=weight)
        _name(axis, place, label, ink, weight)
    axis.set_xlim(least, max(values) * (max(values) / least) ** 0.25)
    axis.set_ylim(-0.6, len(entries) - 0.3)
    axis.set_yticks([])
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(which="both", bottom=False, labelbottom=False)


def _name(axis, place, text, ink, weight):
    left = axis.get_yaxis_transform()  # x in fractions of the axis, y in places
    axis.text(-0.01, place, text, transform=left, ha="right", va="center", color=ink, weight=weight)


def _figure(value):
    """Three significant figures."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if value >= 100 else f"{rounded:g}"
