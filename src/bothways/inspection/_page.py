"""An inspection as a page for the browser; `inspection.html` is its template."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from bothways import __version__
from bothways.inspection import _words as words
from bothways.inspection._facts import Inspection, Overlap
from bothways.inspection._findings import counted, findings
from bothways.inspection._plots import draw_coverage, draw_labels, draw_lengths
from bothways.pages import picture, render

TEMPLATE = Path(__file__).parent / "inspection.html"


def to_page(facts: Inspection) -> str:
    """The document, with the texts of the examples. Raises `MissingExtraError` without
    matplotlib or jinja2."""
    columns, limits = words.limit_rows(facts)
    overlap, quantiles = facts.overlap, facts.lengths.quantiles
    beside = "" if overlap is None else f", beside {words.visible(overlap.other)}"
    return render(
        TEMPLATE,
        title=f"Inspection of {words.base(facts.source)}",
        subtitle=f"{words.visible(facts.source)}{beside}",
        version=__version__,
        facts=facts,
        findings=findings(facts),
        pictures=_pictures(facts),
        notes=_notes(facts),
        limit_columns=columns,
        limits=limits,
        quantile_columns=[f"{name} %" for name in quantiles],
        quantiles=[f"{value:,}" for value in quantiles.values()],
        other_name="" if overlap is None else words.base(overlap.other),
        overlap_labels=_overlap_labels(overlap),
        oddities=words.oddity_rows(facts),
        counted=counted,
        named=words.named,
        visible=words.visible,
        where=partial(words.where, facts=facts),
        short=partial(words.short, source=facts.source),
    )


def _pictures(facts: Inspection) -> dict[str, Any]:
    lengths = partial(draw_lengths, facts=facts)
    pictures = {"lengths": picture(lengths, "How many texts have how many tokens.")}
    if facts.labels is not None:
        labels = partial(draw_labels, facts=facts)
        pictures["labels"] = picture(labels, "How many texts have each label.")
    if facts.vocabulary.coverage:
        coverage = partial(draw_coverage, facts=facts)
        known = "The share of the tokens of held-out texts that so many words know."
        pictures["coverage"] = picture(coverage, known)
    return pictures


def _overlap_labels(overlap: Overlap | None) -> list[tuple[str, int]]:
    counts = {} if overlap is None else overlap.per_label
    return [(words.named(label), count) for label, count in counts.items()]


def _notes(facts: Inspection) -> dict[str, str]:
    """A sentence for each part of the page."""
    lengths, overlap, suspects = facts.lengths, facts.overlap, facts.suspects
    longest = words.short(lengths.longest.places[0], facts.source)
    notes = {
        "labels": "" if facts.labels is None else words.balance_note(facts.labels),
        "lengths": f"{lengths.mean:,.1f} tokens in the mean, and {lengths.quantiles['100']:,} in "
        f"{longest}. Dashed: what a limit would cut. The last bar: all that are longer",
        "limits": words.limits_note(facts),
        "vocabulary": f"{words.words_note(facts)}. How much of "
        f"{counted(facts.vocabulary.held_out_texts, 'text')} that were not counted is known",
        "overlap": "" if overlap is None else words.overlap_note(facts, overlap),
        "characters": words.characters_note(facts),
        "suspects": "" if suspects is None else words.suspects_note(suspects),
    }
    return {
        part: f"{note[:1].upper()}{note[1:]}.".replace(" %", "\u00a0%")  # one thing, on one line
        for part, note in notes.items()
    }
