"""Which column is the text and which is the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bothways.data._table import Wanted
from bothways.errors import DataError

# The first of each is the name this project uses and wins over the others.
TEXT_NAMES = (
    *("text", "review", "sentence", "content", "comment"),
    *("body", "message", "document", "question"),
)
LABEL_NAMES = ("label", "labels", "class", "category", "target", "sentiment", "topic", "tag")


def text_column(
    names: Sequence[str],
    source: str,
    *,
    text: str | None = None,
    strings: Sequence[bool] | None = None,
) -> str:
    """The name of the text column, `text` if it was asked for; `strings` and errors: `choose`."""
    return choose(names, Wanted(text, None, need_labels=False), source, strings)[0]


def choose(
    names: Sequence[str], wanted: Wanted, source: str, strings: Sequence[bool] | None = None
) -> tuple[str, str | None]:
    """The names of the text column and of the label column (None: there is none).

    `strings[c]` says whether column `c` holds strings, where the format knows. A name that
    was asked for must be there. Otherwise a column is taken when it is obvious: it has one
    of the usual names, in any case; or it is the only other one of two columns; or it is the
    only one that holds strings. Labels that nobody needs are taken by their usual name only.

    Raises `DataError`, listing the columns, when a name is missing, doubled or not obvious.
    """
    doubled = [name for name, count in Counter(names).items() if count > 1 and name.strip()]
    if doubled:
        raise DataError(f"{source}: column {doubled[0]!r} is there twice; rename one of them")
    asked = (("text", wanted.text), ("label", wanted.label), ("weight", wanted.weight))
    for option, name in asked:
        if name is not None and name not in names:
            raise DataError(f"{source}: there is no {option} column {name!r}; {_listed(names)}")
    for n, (option, name) in enumerate(asked):
        for other, same in asked[n + 1 :]:
            if name is not None and name == same:
                raise DataError(f"{source}: column {name!r} was given as both {option} and {other}")
    # What is known to be the weights is neither of the others.
    kept = [n for n, name in enumerate(names) if name != wanted.weight]
    names = [names[n] for n in kept]
    strings = None if strings is None else [strings[n] for n in kept]

    text = wanted.text or _usual(TEXT_NAMES, names, wanted.label)
    label = wanted.label or _usual(LABEL_NAMES, names, text)
    if text is None:
        rest = [name for name in names if name != label]
        if strings is not None:
            rest = [name for name in rest if strings[list(names).index(name)]]
        if len(rest) == 1 and (len(names) <= 2 or strings is not None):
            text = rest[0]
    if label is None and wanted.need_labels and text is not None and len(names) == 2:
        label = next(name for name in names if name != text)

    if text is None:
        raise DataError(_unclear(source, "text", names))
    if label is None and wanted.need_labels:
        raise DataError(_unclear(source, "label", names))
    return text, label


def _usual(usual: Sequence[str], names: Sequence[str], taken: str | None) -> str | None:
    found = [name for name in names if name.strip().casefold() in usual and name != taken]
    best = [name for name in found if name.strip().casefold() == usual[0]]
    for candidates in (best, found):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _unclear(source: str, option: str, names: Sequence[str]) -> str:
    return (
        f"{source}: no column is obviously the {option}; {_listed(names)}; "
        f"choose one with {option}=NAME (--{option} NAME)"
    )


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = [repr(name if len(name) <= 40 else name[:37] + "...") for name in names[:most]]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"the columns are {', '.join(shown)}{more}" if shown else "there are no columns"
