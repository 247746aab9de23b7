"""Pages for the browser: one self-contained file each, with one look, light and dark.

    html = render(Path(__file__).parent / "mine.html", title="...", subtitle="...", facts=facts)
    check_page("mine.html"), write_page("mine.html", html)

`mine.html` is a jinja2 template that begins with `{% extends "page.html" %}` and fills
`{% block content %}` with `<section>`s; `page.html` puts title and subtitle above. Whatever it
is given is escaped, and shows what a browser would obey (controls, changes of direction).
`{% import "parts.html" as parts %}` brings `parts.tiles`, `parts.facts`, `parts.table`,
`parts.figure` and `parts.text` (long texts fold away); filters are `percent`, `whole` and
`fixed`. `look.css` names its classes at the top.

`picture(draw, description)` is what `draw(figure)` puts on a matplotlib figure, as inline SVG
in the colours of the page: draw with `INK`, `FAINT`, `LINE` and `SERIES`.
"""

from __future__ import annotations

from bothways.pages._file import check_page, write_page
from bothways.pages._picture import FAINT, INK, LINE, PAPER, SERIES, picture
from bothways.pages._render import render
from bothways.pages._visible import visible

__all__ = [
    "FAINT",
    "INK",
    "LINE",
    "PAPER",
    "SERIES",
    "check_page",
    "picture",
    "render",
    "visible",
    "write_page",
]
