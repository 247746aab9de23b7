"""A search for the recipe that suits the texts, within a time and a size; needs `tune`."""

from bothways.errors import require

require("sklearn", extra="train", purpose="autotune")

from bothways._amounts import parse_duration  # noqa: E402
from bothways.tuning._autotune import autotune, first_recipe  # noqa: E402
from bothways.tuning._budget import Budget, Cost  # noqa: E402
from bothways.tuning._search import Found, Limits, search  # noqa: E402
from bothways.tuning._size import Sizes  # noqa: E402
from bothways.tuning._space import SPACE, Choice, Span  # noqa: E402
from bothways.tuning._trial import Trial  # noqa: E402

__all__ = [
    "SPACE",
    "Budget",
    "Choice",
    "Cost",
    "Found",
    "Limits",
    "Sizes",
    "Span",
    "Trial",
    "autotune",
    "first_recipe",
    "parse_duration",
    "search",
]
