"""One picture of the results: a panel for each comparison, ourselves in colour."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator
from table import EXACT

OURS, PEER, WRONG, INK, SOFT = "#0b7a75", "#9aa5b1", "#d9dee3", "#1f2933", "#6b7785"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": "#c5ccd3",
    "xtick.color": SOFT,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


def draw(results, path):
    """Write the picture as PNG; a section with nothing that ran gets no panel."""
    panels = [
        (PANELS[name], rows)
        for name, section in results.items()
        if (rows := [row for row in section["rows"] if "median_seconds" in row])
    ]
    if not panels:
        return
    with plt.rc_context(STYLE):
        heights = [panel.height(rows) for panel, rows in panels]
        figure, axes = plt.subplots(
            len(panels),
            figsize=(9, sum(heights) + 0.9),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        figure.get_layout_engine().set(h_pad=0.14)
        for axis, (panel, rows) in zip(axes[:, 0], panels, strict=True):
            panel(axis, rows)
        figure.supxlabel(_footnote(results), fontsize=8, color=SOFT, x=0.01, ha="left")
        figure.savefig(path, dpi=160, facecolor="white")
        plt.close(figure)


def train(axis, rows):
    """Milliseconds a step, fastest first."""
    rows = sorted(rows, key=lambda row: -row["median_seconds"])
    bars = [(row["label"], 1e3 * row["median_seconds"], row) for row in rows]
    _bars(axis, bars)
    _title(
        axis, "Training step of the classic model", "milliseconds on a log scale, shorter is better"
    )


def infer(axis, rows):
    """Texts a second, a group of bars for each way that texts come."""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    bars = []
    for task in reversed(tasks):
        mine = [row for row in rows if row["task"] == task]
        mine.sort(key=lambda row: -row["median_seconds"])
        bars += [(row["label"], 1 / row["median_seconds"], row) for row in mine]
        bars.append((task, None, None))
    _bars(axis, bars)
    _title(
        axis, "Inference of the classic model", "texts a second on a log scale, longer is better"
    )


def job(axis, rows):
    """Accuracy against seconds; a name beside each point."""
    rows = sorted(rows, key=lambda row: row["accuracy"])
    seconds = [row["median_seconds"] for row in rows]
    points = [100 * row["accuracy"] for row in rows]
    gap, place, column = 0.09 * (max(points) - min(points) + 0.4), -1.0, 1.5 * max(seconds)
    axis.set_xscale("log")
    for row, x, y in zip(rows, seconds, points, strict=True):
        place = max(y, place + gap)  # names stand in a column, and not on one another
        colour, ink, weight = (OURS, OURS, "bold") if row["ours"] else (PEER, INK, "normal")
        axis.plot([x, column], [y, place], color=colour, lw=0.7, zorder=2)
        axis.scatter(x, y, s=75, color=colour, edgecolor="white", linewidth=1.2, zorder=3)
        name = f" {row['label']}, {row['task']}"
        text = axis.text(column, place, name, va="center", color=ink, weight=weight, zorder=4)
        text.set_in_layout(False)
    axis.set_xlim(min(seconds) / 1.25, column * (column / min(seconds)) ** 0.9)
    axis.margins(y=0.15)
    axis.grid(color="#e8ebee", zorder=0)
    axis.tick_params(length=0)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g} s")
    axis.yaxis.set_major_formatter("{x:g} %")
    axis.minorticks_off()
    _title(
        axis,
        "From the raw file to the accuracy on 5,000 held-out reviews",
        "accuracy against seconds in all, up and to the left is better",
    )


train.height = lambda rows: 0.75 + 0.31 * len(rows)
infer.height = lambda rows: 0.75 + 0.31 * (len(rows) + len({row["task"] for row in rows}))
job.height = lambda rows: 3.4
PANELS = {"train": train, "infer": infer, "job": job}


def _bars(axis, bars):
    """Draw horizontal bars on a log scale, from bottom to top; no value: a heading."""
    values = [value for _, value, _ in bars if value]
    least = min(values) / 2.5
    axis.set_xscale("log")
    for place, (label, value, row) in enumerate(bars):
        if value is None:
            axis.text(-0.01, place - 0.12, label, transform=_left(axis), ha="right", color=SOFT)
            continue
        wrong = (row["difference"] or 0) >= EXACT
        colour = OURS if row["ours"] else WRONG if wrong else PEER
        axis.barh(place, value - least, left=least, height=0.68, color=colour, zorder=2)
        weight, ink = ("bold", OURS) if row["ours"] else ("normal", INK)
        note = "   not exact" if wrong else ""
        axis.text(value * 1.06, place, _figure(value) + note, va="center", color=ink, weight=weight)
        axis.text(
            -0.01,
            place,
            label,
            transform=_left(axis),
            ha="right",
            va="center",
            color=ink,
            weight=weight,
        )
    axis.set_xlim(least, max(values) * 2.2)
    axis.set_ylim(-0.6, len(bars) - 0.3)
    axis.set_yticks([])
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(which="both", bottom=False, labelbottom=False)


def _left(axis):
    """x in fractions of the axis, y in places."""
    return axis.get_yaxis_transform()


def _title(axis, title, subtitle):
    axis.set_title(f"{title}\n", loc="left", weight="bold", fontsize=12, x=0)
    axis.text(0, 1.015, subtitle, transform=axis.transAxes, fontsize=9, color=SOFT, va="bottom")


def _figure(value):
    """Three significant figures."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if value >= 100 else f"{rounded:g}"


def _footnote(results):
    section = next(iter(results.values()))
    machine = section["machine"]
    rows = [row for section in results.values() for row in section["rows"]]
    failed = sorted({row["label"] for row in rows if row["failed"]})
    return (
        f"{machine['processor']}, {machine['cores']} cores; {section['date']}; medians, in turns, "
        "one invocation. Light bars: not exact, the model reads padding or rounds to bfloat16."
        + (f"\nFailed, see the table: {'; '.join(failed)}." if failed else "")
    )
