"""A comparison as a page for the browser; `comparison.html` is its template."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bothways.comparison._compare import Comparison
from bothways.comparison._fading import STEPS
from bothways.comparison._terminal import sentence
from bothways.pages import INK, SERIES, picture, render

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def comparison_page(of: Comparison, *, data: str) -> str:
    """The document. Raises `MissingExtraError` without matplotlib or jinja2."""
    seeds = f"{of.seeds} {'seed' if of.seeds == 1 else 'seeds'}"
    told = "; ".join(f"{v.name} {v.accuracy:.1%}" for v in of.variants)
    return render(
        Path(__file__).parent / "comparison.html",
        title="Side by side",
        subtitle=f"{len(of.variants)} recipes on {Path(data).name or data}: {of.train_texts:,} "
        f"texts to learn from, {of.test_texts:,} to test on, {seeds}",
        of=of,
        accuracies=picture(partial(draw_accuracies, of=of), f"Accuracies. {told}", height=3.6),
        fading=picture(
            partial(draw_fading, of=of),
            "What is left of the distance of two texts after zeros. "
            + "; ".join(f"{v.name} {v.fading[-1]:.1%} after {STEPS[-1]}" for v in of.variants),
            height=3.6,
        ),
        rows=[
            (
                v.name,
                f"{100 * v.accuracy:.2f}\u00a0%",
                ", ".join(f"{100 * a:.2f}" for a in v.accuracies),
                f"{v.seconds:.1f}",
            )
            for v in of.variants
        ],
        sentences=[sentence(d) for d in of.differences if d.first == of.variants[0].name],
        differences=[
            (
                f"{d.first} less {d.second}",
                f"{100 * d.difference:+.2f}",
                f"{100 * d.interval[0]:+.2f} to {100 * d.interval[1]:+.2f}",
                "< 0.001" if d.p_value < 0.001 else f"{d.p_value:.3f}",
                f"{d.first_better:,} : {d.second_better:,}",
                ", ".join(f"{100 * x:+.2f}" for x in d.by_seed),
            )
            for d in of.differences
        ],
        lengths=["up to", *(f"{limit:,}" for limit in of.lengths)],
        by_length=[
            (v.name, *(f"{100 * share:.1f}\u00a0%" for share in v.by_length)) for v in of.variants
        ],
    )


def draw_accuracies(figure: Figure, of: Comparison) -> None:
    """A dot for each seed, a stroke at the mean."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axes = figure.subplots()
    for n, variant in enumerate(of.variants):
        color = SERIES[n % len(SERIES)]
        axes.plot(variant.accuracies, [n] * of.seeds, "o", color=color, markersize=6, alpha=0.6)
        axes.plot([variant.accuracy] * 2, [n - 0.22, n + 0.22], color=color, linewidth=3)
        axes.text(min(variant.accuracies), n - 0.28, variant.name, color=INK, va="bottom")
    axes.set_ylim(len(of.variants) - 0.5, -0.9)
    axes.set_yticks([])
    axes.grid(axis="x")
    axes.margins(x=0.2)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.set_xlabel("accuracy: each seed, and the mean")


def draw_fading(figure: Figure, of: Comparison) -> None:
    """A curve for each variant: what is left after zeros."""
    from matplotlib.ticker import PercentFormatter

    axes = figure.subplots()
    for n, variant in enumerate(of.variants):
        style = "-" if not variant.recipe["mask"] else (0, (4, 2))
        color = SERIES[n % len(SERIES)]
        axes.plot(STEPS, variant.fading, color=color, linestyle=style, label=variant.name)
    axes.set(
        xlabel="zeros read after the text", ylabel="left of the difference", xlim=(0, STEPS[-1])
    )
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(loc="upper right")
