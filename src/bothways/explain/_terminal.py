"""An explanation for a terminal: the text twice, in the colours of each reader, and a table."""

from __future__ import annotations

import numpy as np
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bothways.explain._pieces import pieces, strongest
from bothways.pages import visible
from bothways.runtime import Explanation

# For the label and against it, on paper; told apart by all kinds of colour blindness.
FOR, AGAINST, PAPER = (66, 133, 244), (240, 130, 40), (255, 255, 255)
TOKENS = 12  # in the table
_CHARACTERS = 40  # of a token there


def show(console: Console, of: Explanation) -> None:
    """Print the explanation. Without colours the table says the same of the strongest words."""
    left, right = float(of.forward.sum()), float(of.backward.sum())
    console.print(
        f"{visible(of.label)}: probability {of.probability:.4f}\n"
        f"score {of.logit:+.3f} = {of.base:+.3f} without the words, {left:+.3f} from the left, "
        f"{right:+.3f} from the right",
        markup=False,
        soft_wrap=True,
    )
    if of.padding:
        console.print(f"read with {of.padding:,} zeros after it, as by a network without a mask")
    if not of.tokens:
        console.print("there is no token in this text")
        return
    scale = float(max(np.abs(of.forward).max(), np.abs(of.backward).max())) or 1.0
    if console.is_terminal and not console.no_color:
        console.print()
        console.print(_legend(of.label))
        for name, way in (("from the left", "forward"), ("from the right", "backward")):
            if getattr(of, way).any():
                console.print(f"\n{name}", style="bold")
                console.print(_coloured(of, way, scale))
    console.print()
    console.print(_table(of))


def _legend(label: str) -> Text:
    text = Text("blue speaks for ")
    text.append(visible(label))
    text.append(", orange against it")
    return text


def _coloured(of: Explanation, way: str, scale: float) -> Text:
    text = Text()
    for piece in pieces(of):
        style = _style(getattr(piece, way) / scale) if piece.is_token else Style(dim=True)
        text.append(visible(piece.text), style)
    return text


def _style(share: float) -> Style:
    """Black on a colour the stronger the larger the share, `-1` to `1`; as usual when small."""
    if abs(share) < 0.04:
        return Style()
    side = FOR if share > 0 else AGAINST
    strength = abs(share) ** 0.7
    red, green, blue = (
        round(paper + strength * (full - paper)) for full, paper in zip(side, PAPER, strict=True)
    )
    return Style(color="black", bgcolor=Color.from_rgb(red, green, blue))


def _table(of: Explanation) -> Table:
    table = Table("strongest words", box=None, pad_edge=False)
    for name in ("from the left", "from the right", "together"):
        table.add_column(name, justify="right")
    together = of.contributions
    for n in strongest(of, TOKENS):
        word = visible(of.tokens[n])
        word = word if len(word) <= _CHARACTERS else word[: _CHARACTERS - 1] + "…"
        numbers = (of.forward[n], of.backward[n], together[n])
        unknown = "" if of.known[n] else " (unknown)"
        table.add_row(Text(word + unknown), *(f"{number:+.3f}" for number in numbers))
    return table
