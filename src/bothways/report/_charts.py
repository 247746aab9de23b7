"""The pictures of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bothways.pages import FAINT, INK, LINE, PAPER, SERIES, picture

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ONE, TWO = SERIES[:2]
MOST_CURVES = len(SERIES)


def versus(rows: list[tuple[str, float, list[float]]], figure_name: str = "Accuracy") -> Markup:
    """A dot and its interval for each `(name, accuracy, interval)`, the model first."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for n, (name, value, (low, high)) in enumerate(rows):
            color = SERIES[n]
            axes.plot([low, high], [n, n], color=color, linewidth=5, alpha=0.3)
            axes.plot(value, n, "o", color=color, markersize=9)
            axes.text(low, n - 0.3, f"{name}, {100 * value:.1f} %", color=INK, va="bottom")
        axes.set_ylim(len(rows) - 0.6, -0.95)
        axes.set_yticks([])
        axes.grid(axis="x")
        axes.margins(x=0.25)
        _percents(axes.xaxis)

    told = "; ".join(f"{name} {v:.1%}, between {i[0]:.1%} and {i[1]:.1%}" for name, v, i in rows)
    return picture(draw, f"{figure_name} with its 95 % interval. {told}", height=1.9)


def losses(history: list[dict[str, Any]]) -> Markup:
    """The losses of training and validation by epoch."""
    return _epochs(
        history,
        [("train_loss", "texts it learns from"), ("valid_loss", "texts held out")],
        "nats a text",
    )


def accuracies(history: list[dict[str, Any]], key: str = "valid_accuracy") -> Markup:
    """The accuracy on the validation texts by epoch, or another share of the history."""
    return _epochs(history, [(key, "texts held out")], None)


def _epochs(
    history: list[dict[str, Any]], curves: list[tuple[str, str]], unit: str | None
) -> Markup:
    def draw(figure: Figure) -> None:
        from matplotlib.ticker import MaxNLocator

        axes = figure.subplots()
        for (key, name), color in zip(curves, SERIES if unit else SERIES[1:], strict=False):
            known = [(e["epoch"], e[key]) for e in history if e[key] is not None]
            if known:
                axes.plot(*zip(*known, strict=True), "o-", color=color, markersize=4.5, label=name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        if unit is None:
            _percents(axes.yaxis)
        else:
            axes.set_ylim(bottom=0)
            axes.set_ylabel(unit)
            _legend(axes)

    last = history[-1]
    told = ", ".join(
        f"{name}: {last[key]:.3f} at the end" for key, name in curves if last[key] is not None
    )
    return picture(draw, f"By epoch, {len(history)} in all. {told}")


def calibration(bins: list[dict[str, Any]], several: bool = False) -> Markup:
    """How sure the model was against how often it was right, and how many texts that were.

    Where a text may have `several` labels, of all pairs of text and label: how probable it was
    that the text has it, and how often it does."""

    def draw(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        start = min(b["from"] for b in bins)
        upper.plot([start, 1], [start, 1], color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
        _intervals(upper, [b["confidence"] for b in bins], bins)
        upper.set_ylabel("had the label" if several else "was right")
        centers = [(b["from"] + b["to"]) / 2 for b in bins]
        width = 0.92 * (bins[0]["to"] - bins[0]["from"])
        lower.bar(centers, [b["texts"] for b in bins], width, color=ONE, alpha=0.35)
        for center, b in zip(centers, bins, strict=True):
            lower.text(center, b["texts"], f"{b['texts']:,}", color=FAINT, ha="center",
                       va="bottom", fontsize=8)  # fmt: skip
        lower.set_yticks([])
        lower.margins(y=0.35)
        lower.grid(False)
        lower.set(
            xlim=(start - 0.02, 1.02), xlabel="was so sure of it" if several else "was so sure"
        )
        lower.set_ylabel("pairs" if several else "texts")
        _percents(upper.yaxis)
        _percents(lower.xaxis)

    told = "; ".join(
        f"sure by {b['confidence']:.0%}, right in {b['accuracy']:.0%} of {b['texts']:,}"
        for b in bins
    )
    return picture(draw, f"Calibration. {told}", height=3.8)


def coverage(points: list[dict[str, Any]]) -> Markup:
    """The accuracy where only the texts of which the model is surest are answered."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        shares = [p["answered"] for p in points]
        axes.plot(shares, [p["accuracy"] for p in points], "o-", color=ONE, markersize=4.5)
        axes.set(xlabel="texts that it answers, the surest first", xlim=(0, 1.02))
        axes.margins(y=0.15)
        _percents(axes.xaxis)
        _percents(axes.yaxis)

    told = "; ".join(f"{p['answered']:.0%} of texts: {p['accuracy']:.1%}" for p in points)
    return picture(draw, f"Accuracy by share answered. {told}", height=4)


def lengths(groups: list[dict[str, Any]], key: str = "accuracy") -> Markup:
    """The accuracy of texts of similar lengths, or another share by its name in `groups`."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = list(range(len(groups)))
        _intervals(axes, places, groups, key)
        names = [
            f"{g['from']:,}" if g["from"] == g["to"] else f"{g['from']:,}–{g['to']:,}"
            for g in groups
        ]
        axes.set_xticks(places, names)
        axes.tick_params(axis="x", labelsize=9)
        axes.set_xlim(-0.5, len(groups) - 0.5)
        axes.set_xlabel("tokens in the text")
        _percents(axes.yaxis)

    told = "; ".join(
        f"{g['from']:,} to {g['to']:,} tokens: {g[key]:.1%} of {g['texts']:,}" for g in groups
    )
    name = {"accuracy": "Accuracy", "micro_f1": "Micro F1"}[key]
    return picture(draw, f"{name} by length. {told}", height=3.8)


def labels_a_text(counts: dict[str, Any]) -> Markup:
    """How many texts have none, one, two, ... labels, and how many are given so many."""
    most = counts["more_than"]
    last = max(n for key in ("true", "given") for n, texts in enumerate(counts[key]) if texts)
    names = [f"more than {most}" if n > most else str(n) for n in range(last + 1)]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for key, label, shift, color in (
            ("true", "have so many labels", -0.2, TWO),
            ("given", "are given so many", 0.2, ONE),
        ):
            places = [n + shift for n in range(last + 1)]
            axes.bar(places, counts[key][: last + 1], 0.38, color=color, alpha=0.75, label=label)
        axes.set_xticks(range(last + 1), names)
        axes.set_xlabel("labels")
        axes.set_ylabel("texts")
        axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
        _legend(axes)

    told = "; ".join(
        f"{name}: {counts['true'][n]:,} texts have and {counts['given'][n]:,} are given so many"
        for n, name in enumerate(names)
    )
    return picture(draw, f"Labels a text. {told}", height=3.8)


def precision_recall(curves: dict[str, Any]) -> Markup:
    """The curves of all labels, or of those with the smallest areas where they are many."""
    shown = sorted(curves, key=lambda name: curves[name]["average_precision"])[:MOST_CURVES]
    columns = 2 if max(map(len, shown)) <= 12 else 1

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name in sorted(curves.keys() - set(shown)):
            axes.plot(curves[name]["recall"], curves[name]["precision"], color=LINE, linewidth=0.8)
        for n, name in enumerate(name for name in curves if name in shown):
            curve = curves[name]
            label = f"{_short(name)}: {curve['average_precision']:.3f}"
            axes.plot(curve["recall"], curve["precision"], color=SERIES[n], label=label)
        axes.set(xlabel="recall: found of all that are it", ylabel="precision: right when said")
        axes.set(xlim=(-0.01, 1.01), ylim=(None, 1.02))
        axes.set_ylim(bottom=max(0, min(0.9, axes.get_ylim()[0])))
        _percents(axes.yaxis)
        _percents(axes.xaxis)
        _legend(axes, columns)

    told = ", ".join(f"{name} {curves[name]['average_precision']:.3f}" for name in shown)
    return picture(
        draw,
        f"Precision and recall; average precision: {told}",
        height=3.4 + 0.22 * len(shown) / columns,
    )


def _intervals(
    axes: Axes, places: list[Any], shares: list[dict[str, Any]], key: str = "accuracy"
) -> None:
    values = [s[key] for s in shares]
    axes.vlines(places, [s["interval"][0] for s in shares], [s["interval"][1] for s in shares],
                color=ONE, linewidth=5, alpha=0.25)  # fmt: skip
    axes.plot(places, values, "o-", color=ONE, linewidth=1.4, markersize=6,
              markeredgecolor=PAPER)  # fmt: skip


def _short(name: str, most: int = 40) -> str:
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _percents(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 4):g} %"))
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _legend(axes: Axes, columns: int = 2) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2,
                borderpad=0.2, columnspacing=1.4)  # fmt: skip
