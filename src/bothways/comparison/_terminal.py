"""A comparison for a terminal: accuracies, differences, and what fades."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bothways.comparison._compare import Comparison, Difference
from bothways.comparison._fading import STEPS


def show_comparison(console: Console, of: Comparison) -> None:
    """Print the comparison."""
    console.print(
        f"{of.train_texts:,} texts to learn from, {of.test_texts:,} to test on, "
        f"{of.seeds} {'seed' if of.seeds == 1 else 'seeds'}\n"
    )
    table = Table("", box=None, pad_edge=False)
    for name in ("accuracy", "by seed", "seconds", f"left after {STEPS[-1]} zeros"):
        table.add_column(name, justify="right")
    for variant in of.variants:
        low, high = min(variant.accuracies), max(variant.accuracies)
        table.add_row(
            Text(variant.name),
            f"{variant.accuracy:.4f}",
            f"{low:.4f} to {high:.4f}",
            f"{variant.seconds:.1f}",
            f"{variant.fading[-1]:.1%}",
        )
    console.print(table)
    console.print("\naccuracy by the length of a text, in tokens")
    table = Table("up to", box=None, pad_edge=False)
    for limit in of.lengths:
        table.add_column(f"{limit:,}", justify="right")
    for variant in of.variants:
        table.add_row(Text(variant.name), *(f"{share:.4f}" for share in variant.by_length))
    console.print(table)
    console.print()
    for found in of.differences:
        console.print(sentence(found), markup=False, soft_wrap=True)


def sentence(of: Difference) -> str:
    """A difference in plain words, as far as the texts can tell."""
    low, high = (100 * end for end in of.interval)
    p = "p < 0.001" if of.p_value < 0.001 else f"p = {of.p_value:.3f}"
    facts = f"{100 * of.difference:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}; {p})"
    if low > 0:
        return f"{of.first} is better than {of.second}: {facts}"
    if high < 0:
        return f"{of.first} is worse than {of.second}: {facts}"
    return f"{of.first} and {of.second} cannot be told apart: {facts}"
