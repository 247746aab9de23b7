"""An explanation as a page for the browser; `explanation.html` is its template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bothways.errors import ArgumentError
from bothways.explain._pieces import pieces, strongest
from bothways.pages import FAINT, SERIES, picture, render
from bothways.runtime import Explanation, Prefixes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOKENS = 20  # in the table


def to_page(of: Explanation, prefixes: Prefixes, *, model: str) -> str:
    """The document: the text as each reader took it, and its score as the words came in.

    `prefixes` are those of the same text, `model` the name to show. Raises `ArgumentError` if they
    are of another text, `MissingExtraError` without matplotlib or jinja2.
    """
    if prefixes.text != of.text or of.label not in prefixes.labels:
        raise ArgumentError("the prefixes are not those of the text that is explained")
    sizes = [np.abs(of.forward).max(initial=0), np.abs(of.backward).max(initial=0)]
    column = prefixes.probabilities[:, prefixes.labels.index(of.label)]
    return render(
        Path(__file__).parent / "explanation.html",
        title=f"Why {of.label}?",
        subtitle=f"How {Path(model).name or model} read a text of {len(of.tokens):,} words",
        of=of,
        readers=[
            (name, note, [(p.text, p.is_token, getattr(p, way)) for p in pieces(of)])
            for name, note, way in (
                ("From the left", "the reader that knows what came before", "forward"),
                ("From the right", "the reader that knows what comes after", "backward"),
            )
            if getattr(of, way).any()
        ],
        scale=float(max(sizes)) or 1.0,
        sums=(float(of.forward.sum()), float(of.backward.sum())),
        rows=_rows(of),
        curve=picture(
            lambda figure: _draw(figure, prefixes.lengths, column),
            f"The probability of {of.label} after each word: {column[0]:.2f} before the first "
            f"one, {column[-1]:.2f} after the last one.",
            width=9,
            height=3,
        ),
    )


def _rows(of: Explanation) -> list[tuple[Any, ...]]:
    together = of.contributions
    return [
        (
            of.tokens[n] + ("" if of.known[n] else " (unknown)"),
            *(f"{x:+.3f}" for x in (of.forward[n], of.backward[n], together[n])),
        )
        for n in strongest(of, TOKENS)
    ]


def _draw(figure: Figure, lengths: np.ndarray, column: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axes = figure.subplots()
    axes.axhline(column[-1], color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
    axes.plot(lengths, column, color=SERIES[0], drawstyle="steps-post")
    axes.set(ylim=(-0.02, 1.02), xlim=(0, max(1, lengths[-1])), xlabel="words read")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
