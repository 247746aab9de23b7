"""Recipes trained side by side on the same texts: which is better, and by how much.

variants = parse_variants(["classic", "classic:forward"])
comparison = compare_recipes(train, test, variants, seeds=3)
show_comparison(console, comparison), comparison_page(comparison, data="reviews.csv")
"""

from bothways.comparison._compare import Comparison, Difference, Trained, compare_recipes
from bothways.comparison._fading import STEPS, fading
from bothways.comparison._page import comparison_page
from bothways.comparison._terminal import show_comparison
from bothways.comparison._variants import Variant, default_variants, parse_variants

__all__ = [
    "STEPS",
    "Comparison",
    "Difference",
    "Trained",
    "Variant",
    "compare_recipes",
    "comparison_page",
    "default_variants",
    "fading",
    "parse_variants",
    "show_comparison",
]
