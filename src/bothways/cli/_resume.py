"""train --resume: which run goes on, and which model it may replace."""

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
