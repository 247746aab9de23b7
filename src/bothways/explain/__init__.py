"""Explanations and readings for people: in the terminal and as a page for the browser.

The numbers are those of `bothways.Model.explain`, `bothways.Model.prefixes` and `bothways.Stream`.
"""

from bothways.explain._page import to_page
from bothways.explain._pieces import Piece, pieces, strongest
from bothways.explain._reading import Reading, Readings, Turn, read_along
from bothways.explain._reading_page import readings_page
from bothways.explain._reading_terminal import show_readings
from bothways.explain._terminal import show

__all__ = [
    "Piece",
    "Reading",
    "Readings",
    "Turn",
    "pieces",
    "read_along",
    "readings_page",
    "show",
    "show_readings",
    "strongest",
    "to_page",
]
