"""An inspection for a terminal: the findings first, the details after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bothways.inspection._facts import Example, Inspection
from bothways.inspection._findings import counted, findings, percent
from bothways.inspection._words import (
    balance_note,
    characters_note,
    excerpt,
    limit_rows,
    limits_note,
    named,
    oddity_rows,
    overlap_note,
    short,
    suspects_note,
    visible,
    where,
    words_note,
)

STYLES = {"problem": "bold red", "warning": "yellow", "note": "cyan"}
LABELS = 20  # listed; the others are counted


def show(console: Console, facts: Inspection) -> None:
    """Print the whole inspection."""
    console.print(
        f"{visible(facts.source)}: {counted(facts.rows, 'text')}, "
        f"{counted(facts.lengths.tokens, 'token')}\n",
        markup=False,
    )
    found = findings(facts)
    if not found:
        console.print("Nothing that needs attention.")
    for finding in found:
        line = Text(f"{finding.severity:8} ", style=STYLES[finding.severity])
        line.append(f"{visible(finding.what)} ", style="default not bold")
        line.append(finding.advice, style="dim not bold")
        table = Table.grid(padding=(0, 1))
        table.add_column(width=8)
        table.add_column()
        table.add_row(line[:8], line[9:])
        console.print(table)
    for title, part in _parts(facts):
        console.print(Text(f"\n{title}", style="bold"))
        console.print(part)


def _parts(facts: Inspection) -> Iterator[tuple[str, Any]]:
    if facts.labels is not None:
        yield "Labels", _labels(facts)
    yield "Lengths", _lengths(facts)
    yield "Vocabulary", _vocabulary(facts)
    if facts.repeats.groups:
        r = facts.repeats
        yield (
            f"Repeated texts: {r.groups:,}, in {r.rows:,} rows",
            _examples(r.examples, facts),
        )
    if facts.contradictions is not None and facts.contradictions.groups:
        c = facts.contradictions
        yield f"Texts with different labels: {c.groups:,}", _examples(c.examples, facts)
    if facts.overlap is not None:
        yield f"Overlap with {facts.overlap.other}", _overlap(facts)
    if facts.characters.oddities or facts.characters.non_ascii:
        yield "Characters", _characters(facts)
    if facts.suspects is not None:
        yield "Suspicious labels", _suspects(facts)


def _labels(facts: Inspection) -> Group:
    labels = facts.labels
    assert labels is not None
    table = _table(("label", "texts", "share"), right=("texts", "share"))
    for label, count in list(labels.counts.items())[:LABELS]:
        table.add_row(Text(named(label)), f"{count:,}", percent(count / facts.rows))
    rest = len(labels.counts) - LABELS
    more = [f"and {rest:,} more labels"] if rest > 0 else []
    return Group(table, *more, balance_note(labels))


def _lengths(facts: Inspection) -> Group:
    lengths = facts.lengths
    quantiles = _table([f"{name} %" for name in lengths.quantiles], right=all)
    quantiles.add_row(*(f"{value:,}" for value in lengths.quantiles.values()))
    longest = lengths.longest
    parts: list[Any] = [
        f"tokens a text: {lengths.mean:,.1f} in the mean; so many per cent have at most",
        quantiles,
        Text(
            f"the longest is {short(longest.places[0], facts.source)}: {excerpt(longest.text, 50)}"
        ),
    ]
    columns, rows = limit_rows(facts)
    if rows:
        limits = _table(columns, right=all)
        for row in rows:
            limits.add_row(*row)
        parts += ["", limits]
    return Group(*parts, limits_note(facts))


def _vocabulary(facts: Inspection) -> Group:
    v = facts.vocabulary
    if not v.coverage:
        return Group(words_note(facts))
    table = _table([f"{size:,}" for size in v.coverage], right=all)
    table.add_row(*(percent(share) for share in v.coverage.values()))
    return Group(
        words_note(facts),
        f"so many of the most frequent words know so much of "
        f"{counted(v.held_out_texts, 'text')} not counted",
        table,
    )


def _overlap(facts: Inspection) -> Group:
    overlap = facts.overlap
    assert overlap is not None
    labels = ", ".join(f"{named(label)} {count:,}" for label, count in overlap.per_label.items())
    return Group(
        overlap_note(facts, overlap),
        *([Text(f"by label: {labels}")] if labels and overlap.rows else []),
        *([_examples(overlap.examples, facts)] if overlap.examples else []),
    )


def _characters(facts: Inspection) -> Group:
    columns = ("what", "texts", "times", "the most frequent", "first")
    table = _table(columns, right=("texts", "times"))
    rows = oddity_rows(facts)
    for row in rows:
        table.add_row(*map(Text, row))
    return Group(characters_note(facts), *([table] if rows else []))


def _suspects(facts: Inspection) -> Group:
    found = facts.suspects
    assert found is not None
    table = _table(("label", "P", "rather", "P", "where", "text"), right=("P",))
    for s in found.examples:
        table.add_row(
            Text(named(s.label)), f"{s.probability:.3f}",
            Text(named(s.suggested)), f"{s.suggested_probability:.3f}",
            Text(short(s.place, facts.source) + (", seen" if s.seen else "")),
            Text(excerpt(s.text, 80)),
        )  # fmt: skip
    return Group(suspects_note(found), *([table] if found.examples else []))


def _examples(examples: Iterable[Example], facts: Inspection) -> Table:
    table = _table(("rows", "text", "where"), right=("rows",))
    for example in examples:
        table.add_row(
            f"{example.rows:,}", Text(excerpt(example.text, 80)), Text(where(example, facts))
        )
    return table


def _table(columns: Iterable[str], right: Any = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name, justify="right" if right is all or name in right else "left")
    return table
