"""What the terminal and the page say alike."""

from __future__ import annotations

import os

from bothways.inspection._facts import Example, Inspection, Labels, Overlap, Suspects
from bothways.inspection._findings import NAMES, counted, percent

UNEVEN = 0.02  # labels that lose tokens so differently get a column each
MOST_LABELS = 6


def visible(text: str) -> str:
    """`text` on one line, with what cannot be printed as an escape: a text must neither move
    the cursor nor turn the line around."""
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else ascii(c)[1:-1] for c in text)


def named(label: str) -> str:
    """A label as it is, in quotes where blanks at its ends would not be seen."""
    return visible(label if label == label.strip() else repr(label))


def excerpt(text: str, most: int) -> str:
    """The beginning of a text on one line, an ellipsis where it was cut."""
    line = " ".join(visible(text[: 4 * most]).split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"


def where(example: Example, facts: Inspection) -> str:
    """The places of an example, with their labels: `row 3 (pos), row 9 (neg)`; those in the
    second file with its name."""
    parts = []
    for place, label in zip(example.places, example.labels, strict=True):
        shown = place.removeprefix(f"{facts.source}, ")
        if shown == place and facts.overlap is not None:
            row = place.removeprefix(f"{facts.overlap.other}, ")
            shown = f"{base(facts.overlap.other)} {row}"
        parts.append(shown + (f" ({named(label)})" if label is not None else ""))
    more = example.rows - len(parts)
    return visible(", ".join(parts) + (f" and {more:,} more" if more else ""))


def base(source: str) -> str:
    """The name of a file or folder without its parents."""
    return visible(os.path.basename(os.path.normpath(source)))


def short(place: str, source: str) -> str:
    """A place without the file that all are in."""
    return visible(place.removeprefix(f"{source}, "))


def limit_rows(facts: Inspection) -> tuple[list[str], list[list[str]]]:
    """The table of limits that cut anything: names of the columns, and rows."""
    limits = [limit for limit in facts.lengths.limits if limit.cut_texts]
    labels = list(facts.labels.counts) if facts.labels is not None else []
    uneven = len(labels) <= MOST_LABELS and any(
        max(limit.per_label.values()) - min(limit.per_label.values()) > UNEVEN
        for limit in limits
        if limit.per_label
    )
    labels = labels if uneven else []
    columns = [
        "a limit of",
        "cuts texts",
        "loses tokens",
        *(f"of {named(name)}" for name in labels),
    ]
    rows = [
        [
            f"{limit.length:,}",
            percent(limit.cut_texts_share),
            percent(limit.cut_tokens_share),
            *(percent(limit.per_label[name]) for name in labels),
        ]
        for limit in limits
    ]
    return columns, rows


def limits_note(facts: Inspection) -> str:
    """From which limit on nothing is cut."""
    longest = facts.lengths.quantiles["100"]
    harmless = [limit.length for limit in facts.lengths.limits if not limit.cut_texts]
    if not harmless:
        return f"only a limit of {longest:,} tokens cuts nothing"
    return f"a limit of {harmless[0]:,} tokens or more cuts nothing"


def balance_note(labels: Labels) -> str:
    """How the labels are spread, and what that amounts to."""
    return (
        f"{labels.balance}: as hard to guess as {labels.effective:.1f} equally frequent labels "
        f"({labels.entropy:.2f} bits)"
    )


def words_note(facts: Inspection) -> str:
    """How many words there are, and how many of them occur once."""
    words = facts.vocabulary
    once = f", {words.once:,} of them seen once" if words.words else ""
    share = f" ({percent(words.once / words.words)})" if words.words else ""
    return f"{counted(words.words, 'different word')}{once}{share}"


def overlap_note(facts: Inspection, overlap: Overlap) -> str:
    """How much of one file is in the other."""
    new = facts.vocabulary.other_unknown
    words = "" if new is None else f"; {percent(new)} of its tokens are new"
    return (
        f"{overlap.rows:,} of {facts.rows:,} rows are among its {overlap.other_rows:,}, "
        f"{overlap.identical:,} to the letter; {overlap.in_other:,} of its rows are here{words}"
    )


def characters_note(facts: Inspection) -> str:
    """How much is beyond ASCII, and which letters."""
    characters = facts.characters
    scripts = ", ".join(f"{name} {n:,}" for name, n in list(characters.scripts.items())[:6])
    return (
        f"{percent(characters.non_ascii)} of the characters are beyond ASCII, "
        f"in {counted(characters.non_ascii_texts, 'text')}"
        + (f"; letters among them: {scripts}" if scripts else "")
    )


def oddity_rows(facts: Inspection) -> list[list[str]]:
    """The table of odd characters: what, texts, times, the most frequent forms, the first place."""
    return [
        [
            NAMES[oddity.kind][1],
            f"{oddity.texts:,}",
            f"{oddity.times:,}",
            excerpt(", ".join(f"{form} {n:,}" for form, n in oddity.common.items()), 60),
            short(oddity.example.places[0], facts.source),
        ]
        for oddity in facts.characters.oddities
    ]


def suspects_note(found: Suspects) -> str:
    """What was judged, by what, and how far it can be trusted."""
    unseen = found.judged - found.seen
    note = f"{found.count:,} of {found.judged:,} labels, by {found.basis}"
    if found.seen and unseen:
        note += (
            f"; it was trained on {found.seen:,} of the texts, whose labels it has learned: of the "
            f"{unseen:,} held out, {found.count_unseen:,} are suspicious "
            f"({percent(found.count_unseen / unseen)})"
        )
    elif found.seen:
        note += "; it was trained on all these texts and has learned their labels, wrong ones too"
    for reason, count in found.unjudged.items():
        note += f"; {count:,} were not judged: {reason}"
    return note
