"""The pictures of the page: balance, lengths, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bothways.inspection._facts import Inspection
from bothways.inspection._findings import percent
from bothways.inspection._words import excerpt, named
from bothways.pages import SERIES

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

BARS = 12  # labels with a bar of their own


def draw_labels(figure: Figure, facts: Inspection) -> None:
    """A bar for each of the most frequent labels, one for all others."""
    counts = {} if facts.labels is None else facts.labels.counts
    shown = list(counts.items())[:BARS]
    if len(counts) > BARS:
        rest = list(counts.values())[BARS:]
        shown.append((f"{len(rest):,} others", sum(rest)))
    axes = figure.add_subplot()
    places = range(len(shown))
    bars = axes.barh(places, [count for _, count in shown], height=0.62)
    total = sum(counts.values())
    values = [f"{count:,} · {percent(count / total)}" for _, count in shown]
    axes.bar_label(bars, values, padding=4)
    axes.set_yticks(places, [excerpt(named(label), 20) for label, _ in shown])
    axes.set_ylim(max(len(shown), 5) - 0.5, -0.5)  # two bars are no two blocks
    axes.set_xlim(0, 1.3 * max(count for _, count in shown))
    axes.xaxis.set_visible(False)
    axes.grid(False)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_lengths(figure: Figure, facts: Inspection) -> None:
    """The histogram of lengths, and where the limits stand in it."""
    lengths = facts.lengths
    edges, counts = lengths.histogram_edges, lengths.histogram_counts
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot()
    axes.bar(edges[:-1], counts, width=edges[1] - edges[0], align="edge", linewidth=0)
    highest, last = max(counts), -edges[-1]
    for limit in lengths.limits:
        if limit.length < edges[-1] and limit.cut_texts:
            axes.plot(
                [limit.length] * 2, [0, 1.06 * highest], color=SERIES[1], linestyle=(0, (3, 3))
            )
            # Two that stand close would be written over one another.
            if limit.length - last > edges[-1] / 12:
                last = limit.length
                axes.text(last, 1.09 * highest, f"{last:,}\n{percent(limit.cut_texts_share)}",
                          ha="center", va="bottom", color=SERIES[1], size="small")  # fmt: skip
    axes.set(xlim=(0, edges[-1]), ylim=(0, 1.3 * highest), xlabel="tokens a text", ylabel="texts")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    _thousands(axes.xaxis)
    _thousands(axes.yaxis)


def draw_coverage(figure: Figure, facts: Inspection) -> None:
    """The share of held-out tokens that so many words know."""
    sizes, shares = zip(*facts.vocabulary.coverage.items(), strict=True)
    axes = figure.add_subplot()
    axes.plot(sizes, shares, marker="o", markersize=4)
    told = [sizes[-1]]  # those that stand close would be written over one another
    for size in sizes[::-1]:
        if size * 2 <= told[-1]:
            told.append(size)
    for size in told:
        share = facts.vocabulary.coverage[size]
        axes.annotate(percent(share), (size, share), (2, 6), textcoords="offset points",
                      ha="right", size="small")  # fmt: skip
    axes.set(xlabel="most frequent words kept", ylabel="known tokens of held-out texts")
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.2)
    axes.set_xticks(told, [f"{size / 1000:,.0f}k" if size >= 1000 else str(size) for size in told])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda share, _: f"{round(100 * share, 6):g} %")


def _thousands(axis: Axis) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
