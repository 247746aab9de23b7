"""Ourselves in colour, the others grey; lighter who is not exact."""

from figures import EXACT

OURS, OURS_ROUNDED, PEER, WRONG = "#0b7a75", "#6dbab5", "#9aa5b1", "#d3d9df"
INK, SOFT = "#1f2933", "#6b7785"


def exact(row):
    """Whether the probabilities are right to float32, or the section does not ask."""
    return row.get("difference", 0) < EXACT


def colour(row):
    """The colour of a row's bar or line."""
    if row["ours"]:
        return OURS if exact(row) else OURS_ROUNDED
    return PEER if exact(row) else WRONG
