"""Explanations for people: in the terminal and as a page for the browser.

The numbers are those of `bothways.Model.explain` and `bothways.Model.prefixes`.
"""

from bothways.explain._page import to_page
from bothways.explain._pieces import Piece, pieces, strongest
from bothways.explain._terminal import show

__all__ = ["Piece", "pieces", "show", "strongest", "to_page"]
