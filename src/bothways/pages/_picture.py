"""Pictures by matplotlib, as SVG in the colours of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from bothways.errors import require
from bothways.pages._visible import visible

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

# Each stands for a variable of look.css, which changes with the browser's light and dark.
INK, FAINT, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"
SERIES = ("#050501", "#050502", "#050503", "#050504", "#050505", "#050506")
"""The colours of curves and bars, the first two for what is compared."""

_VARIABLES = {INK: "ink", FAINT: "faint", LINE: "line", PAPER: "paper"} | {
    colour: f"series-{n}" for n, colour in enumerate(SERIES, 1)
}


def picture(
    draw: Callable[[Figure], None], description: str, *, width: float = 5.2, height: float = 3.2
) -> Markup:
    """What `draw` puts on an empty figure of `width` by `height` inches, as inline SVG.

    The default size is read well on a phone and on half of a desktop's page. `description`
    tells what is to be seen to those who do not see it. The same figure gives the same bytes.

    Raises `MissingExtraError` without matplotlib.
    """
    matplotlib = require("matplotlib", extra="train", purpose="a page with pictures")
    from markupsafe import Markup
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_style()), warnings.catch_warnings():
        # Its own font only measures: the browser's fonts draw.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return Markup(_inline(out.getvalue(), description))


def _style() -> dict[str, object]:
    from cycler import cycler

    return {
        "svg.fonttype": "none",  # text stays text: it can be selected, and has the page's font
        "svg.hashsalt": "bothways",
        "font.size": 10.5,
        "text.color": INK,
        "text.parse_math": False,  # a label may hold dollars
        "axes.prop_cycle": cycler(color=SERIES),
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "axes.edgecolor": LINE,
        "axes.labelcolor": FAINT,
        "axes.labelpad": 6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.7,
        "xtick.color": LINE,
        "ytick.color": LINE,
        "xtick.labelcolor": FAINT,
        "ytick.labelcolor": FAINT,
        "ytick.major.size": 0,
        "xtick.major.size": 3,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "legend.fontsize": 10.5,
        "legend.labelcolor": INK,
        "legend.handlelength": 1.4,
    }


def _inline(svg: str, description: str) -> str:
    """The element alone, without ids that another picture of the page has too."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    box = re.search(r'viewBox="([^"]*)"', svg)
    assert box is not None
    prefix = f"p{_number(description):x}-"
    svg = re.sub(r'\bid="([^"]*)"', rf'id="{prefix}\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{prefix}", svg)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r"font: ([^;\"]*?)'[^;\"]*", r"font: \1inherit", svg)
    svg = re.sub(r"font: ([0-9.]+)px inherit", r"font-size: \1px", svg)
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    opening = (
        f'<svg role="img" aria-label="{escape(description)}" viewBox="{box[1]}" '
        'preserveAspectRatio="xMidYMid meet">'
    )
    return visible(re.sub(r"<svg [^>]*>", lambda _: opening, svg, count=1))


def _number(text: str) -> int:
    """A number that is the same in every run, unlike `hash`."""
    from zlib import crc32

    return crc32(text.encode("utf-8", "replace"))
