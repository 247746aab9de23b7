"""The panels of the chart: each takes an axis and its section's rows, and knows its height."""

from bars import bars
from colours import INK, OURS, PEER, SOFT, colour
from labels import beside, title
from matplotlib.ticker import LogLocator

__all__ = ["INK", "SOFT", "epoch", "infer", "job", "layer", "length", "predict", "train"]


def train(axis, rows):
    """Milliseconds a step, fastest first."""
    bars(axis, [(row["label"], 1e3 * row["median_seconds"], row) for row in reversed(rows)])
    title(axis, "Training step of the classic model", "milliseconds, log scale, shorter is better")


def infer(axis, rows):
    """A group of bars for each way that texts come."""
    entries = []
    for task in sorted({row["task"] for row in rows}, key=_WAYS.index, reverse=True):
        mine = [row for row in rows if row["task"] == task]
        entries += [(row["label"], 1 / row["median_seconds"], row) for row in reversed(mine)]
        entries.append((task, None, None))
    bars(axis, entries)
    title(axis, "Inference of the classic model", "texts a second, log scale, longer is better")


def predict(axis, rows):
    """Seconds of the whole command; of fastText those that print labels."""
    mine = [row for row in reversed(rows) if not row["task"].startswith("test")]
    bars(axis, [(_with_task(row), row["median_seconds"], row) for row in mine])
    title(axis, "25,000 reviews in, labels out", "seconds of the command, log scale")


def epoch(axis, rows):
    """Seconds of the whole training command."""
    bars(axis, [(row["label"], row["median_seconds"], row) for row in reversed(rows)])
    subtitle = "seconds of the command, raw file to saved model, log scale, shorter is better"
    title(axis, "Training command, one epoch", subtitle)


def layer(axis, rows):
    """Tokens a second against the hidden size, a line for each competitor."""
    ends = []
    for label in dict.fromkeys(row["label"] for row in rows):
        mine = sorted(
            (int(row["task"].split()[-1]), 1 / row["median_seconds"], row)
            for row in rows
            if row["label"] == label
        )
        sizes, speeds, found = zip(*mine, strict=True)
        axis.plot(sizes, speeds, color=colour(found[0]), lw=2, marker="o", ms=6, zorder=3)
        ends.append((label, sizes[-1], speeds[-1], found[0]))
    axis.set(xscale="log", yscale="log")
    axis.set_xticks(sizes, [f"hidden {size}" for size in sizes])
    _grid(axis, "{x:,.0f}")
    beside(axis, ends, log_scale=True)
    subtitle = "real tokens a second, log scale, higher is better"
    title(axis, "One bidirectional layer, forward and backward", subtitle)


def job(axis, rows):
    """Accuracy against seconds; a name beside each point."""
    points = [(_with_task(r), r["median_seconds"], 100 * r["accuracy"], r) for r in rows]
    for _, seconds, accuracy, row in points:
        axis.scatter(seconds, accuracy, s=70, color=OURS if row["ours"] else PEER, zorder=3)
    axis.set_xscale("log")
    axis.margins(y=0.15)
    _grid(axis, "{x:g} %")
    beside(axis, points)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g} s")
    subtitle = "accuracy on 5,000 held out, against seconds in all"
    title(axis, "From the raw file to the accuracy", subtitle)


def length(axis, rows):
    """Milliseconds, and beside them memory, against the number of tokens."""
    time, memory = (axis.figure.add_subplot(g) for g in axis.get_subplotspec().subgridspec(1, 2))
    axis.remove()
    sides = (
        (time, lambda row: 1e3 * row["median_seconds"], "milliseconds"),
        (memory, lambda row: row["growth_bytes"] / 2**20, "more memory, MiB"),
    )
    for side, value, name in sides:
        for kind, style in _KINDS:
            mine = [row for row in rows if row["task"].startswith(kind) and value(row) > 0]
            points = sorted((_tokens(row), value(row)) for row in mine)
            x, y = zip(*points, strict=True)
            side.plot(x, y, color=OURS, lw=2, ls=style, marker="o", ms=5, label=kind, zorder=3)
        side.set(xscale="log", yscale="log")
        side.xaxis.set_major_formatter("{x:,.0f}")
        _grid(side, "{x:g}")
        side.tick_params(labelsize=9)
        side.text(0, 1.015, f"{name} by tokens", transform=side.transAxes, fontsize=9, color=SOFT)
    time.legend(frameon=False, fontsize=8, handlelength=3, markerscale=0, loc="upper left")
    time.margins(y=0.25)
    time.set_title("One text, by length\n", loc="left", weight="bold", fontsize=12, x=0)


_KINDS = (("prediction", "-"), ("training step", "--"), ("step with checkpoints", ":"))
_WAYS = ["as they come", "sorted by length", "one text"]


def _bar_height(rows, headings=0):
    return 0.8 + 0.3 * (len(rows) + headings)


train.height = epoch.height = _bar_height
infer.height = lambda rows: _bar_height(rows, len({row["task"] for row in rows}))
predict.height = lambda rows: _bar_height([r for r in rows if not r["task"].startswith("test")])
layer.height = job.height = lambda rows: 3.3
length.height = lambda rows: 2.7


def _with_task(row):
    """The label and the task in few words."""
    label = row["label"].removesuffix(" + logistic regression")
    return f"{label}, {row['task'].removeprefix('predict, ').removeprefix('with ')}"


def _tokens(row):
    return int(row["task"].split(", ")[1].split()[0].replace(",", ""))


def _grid(axis, form):
    axis.grid(color="#e8ebee", zorder=0)
    axis.tick_params(which="both", length=0)
    axis.yaxis.set_major_formatter(form)
    axis.minorticks_off()
