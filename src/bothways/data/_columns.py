"""Which column is the text and which is the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bothways.errors import DataError

# The first of each is the name this project uses and wins over the others.
TEXT_NAMES = (
    *("text", "review", "sentence", "content", "comment"),
    *("body", "message", "document", "question"),
)
LABEL_NAMES = ("label", "labels", "class", "category", "target", "sentiment", "topic", "tag")


class Columns(NamedTuple):
    """The columns that are read of `source`, and what the first two of them hold.

    None where there is no such column, or where the format does not tell what one holds.
    """

    source: str
    text: str | None
    label: str | None = None
    weight: str | None = None
    held_out: str | None = None
    text_kind: str | None = None
    label_kind: str | None = None

    def named(self) -> dict[str, str]:
        """The names of the columns that are there, by what they are for."""
        roles = ("text", "label", "weight", "held_out")
        return {role: getattr(self, role) for role in roles if getattr(self, role) is not None}


@dataclass(frozen=True)
class Wanted:
    """What the caller asked for: column names, or None to find them; no weight is None, and so
    is no column that says what is held out.

    `multilabel` allows several labels a text; `separator` is what they are divided by in a cell.
    `like` are the columns of the first shard.
    """

    text: str | None
    label: str | None
    need_labels: bool
    weight: str | None = None
    multilabel: bool = False
    separator: str | None = None
    held_out: str | None = None
    like: Columns | None = None

    @property
    def columns(self) -> bool:
        """Whether a column was named, which some formats do not have."""
        named = (self.text, self.label, self.weight, self.held_out)
        return any(name is not None for name in named)


def text_column(
    names: Sequence[str],
    source: str,
    *,
    text: str | None = None,
    strings: Sequence[bool] | None = None,
) -> str:
    """The name of the text column, `text` if it was asked for; errors as `choose`.

    `strings[c]` says whether column `c` holds strings, where that is known.
    """
    kinds = None if strings is None else ["strings" if string else None for string in strings]
    found = choose(names, Wanted(text, None, need_labels=False), source, kinds).text
    assert found is not None  # a table with columns has one, or is refused
    return found


def choose(
    names: Sequence[str],
    wanted: Wanted,
    source: str,
    kinds: Sequence[str | None] | None = None,
) -> Columns:
    """The columns to read of a table with columns of these `names`.

    `kinds[c]` says what column `c` holds (`strings`, `numbers`, `bools`, `lists`, or None where
    that is not known), where the format knows. A name that was asked for must be there. Otherwise
    a column is taken when it is obvious: it has one of the usual names, in any case; or it is the
    only other one of two columns; or it is the only one that holds strings. Labels that nobody
    needs are taken by their usual name only. With `wanted.like`, the columns of a first shard,
    these are taken and nothing else.

    Raises `DataError`, listing the columns, when a name is missing, doubled or not obvious, and
    when this shard differs from the first.
    """
    doubled = [name for name, count in Counter(names).items() if count > 1 and name.strip()]
    if doubled:
        raise DataError(f"{source}: column {doubled[0]!r} is there twice; rename one of them")
    asked = (
        *(("text", wanted.text), ("label", wanted.label), ("weight", wanted.weight)),
        ("validation", wanted.held_out),
    )
    for option, name in asked:
        if name is not None and name not in names:
            raise DataError(f"{source}: there is no {option} column {name!r}; {_listed(names)}")
    for n, (option, name) in enumerate(asked):
        for other, same in asked[n + 1 :]:
            if name is not None and name == same:
                raise DataError(f"{source}: column {name!r} was given as both {option} and {other}")
    if wanted.like is None:
        text, label = _obvious(names, wanted, source, kinds)
    else:
        text, label = _as_first(names, wanted, source, wanted.like)
    of = {} if kinds is None else dict(zip(names, kinds, strict=True))
    found = Columns(
        *(source, text, label, wanted.weight, wanted.held_out),
        text_kind=of.get(text),
        label_kind=None if label is None else of.get(label),
    )
    if wanted.like is not None:
        _check_kinds(found, wanted.like)
    return found


def _obvious(
    names: Sequence[str], wanted: Wanted, source: str, kinds: Sequence[str | None] | None
) -> tuple[str, str | None]:
    # What is known to be the weights, or says what is held out, is neither of the others.
    kept = [n for n, name in enumerate(names) if name not in (wanted.weight, wanted.held_out)]
    names = [names[n] for n in kept]
    strings = None if kinds is None else [kinds[n] == "strings" for n in kept]

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


def _as_first(
    names: Sequence[str], wanted: Wanted, source: str, first: Columns
) -> tuple[str, str | None]:
    text, label = first.text, first.label
    if label is not None and label not in names and not (wanted.need_labels or wanted.label):
        label = None
    for option, name in (("text", text), ("label", label)):
        if name is not None and name not in names:
            raise DataError(
                f"{source}: there is no {option} column {name!r}, which the first shard "
                f"{first.source} has; {_listed(names)}"
            )
    assert text is not None  # a first shard with columns has one
    return text, label


def _check_kinds(found: Columns, first: Columns) -> None:
    """Numbers in one shard and text in another are two tables under one name."""
    for name, kind, other in (
        (found.text, found.text_kind, first.text_kind),
        (found.label, found.label_kind, first.label_kind),
    ):
        if None not in (name, kind, other) and kind != other:
            raise DataError(
                f"{found.source}, column {name!r}: holds {kind}, and {other} in the first shard "
                f"{first.source}"
            )


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
