"""train --resume and --from: what is gone on with, and which model may be replaced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bothways import artifact
from bothways.errors import BothwaysError

if TYPE_CHECKING:
    from bothways.training import UnfinishedRun


def check_replaceable(out: str, run: UnfinishedRun, *, overwrite: bool) -> None:
    """Refuse, as without --resume, to replace a model, unless it is an earlier one of the same
    run: what an interrupt left, or what was saved just before a kill."""
    if overwrite or not os.path.lexists(out) or (run.saved and _same(out, run.saved["key"])):
        return
    artifact.check_writable(out)


def _same(out: str, key: dict[str, Any]) -> bool:
    """The same data, recipe and seed, and only trained."""
    try:
        spec, _ = artifact.load(out)
    except BothwaysError:
        return False
    facts = spec.training
    names = ("fingerprint", "recipe", "seed")
    return "compressed" not in facts and all(facts.get(name) == key.get(name) for name in names)


def begun_from(facts: dict[str, Any]) -> str:
    """What the model that training began with has got, and what of it the data had not."""
    told = [f"began with {facts['source']}, and {facts['new_words']:,} new words"]
    for key, what in (
        ("new_labels", "new labels"),
        ("labels_without_texts", "labels kept without a text in the new data"),
    ):
        if facts[key]:
            more = ", ..." if len(facts[key]) > 10 else ""
            told.append(f"{what}: {', '.join(facts[key][:10])}{more}")
    return "; ".join(told)
