"""train with data that need not fit into memory: what its options mean there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bothways.errors import ArgumentError

if TYPE_CHECKING:
    from rich.console import Console

    from bothways.estimators import TextClassifier


def check_shards(valid: str | None, unlabeled: str | None, search: object) -> None:
    """Raise `ArgumentError` for what needs the texts in memory."""
    refused = {"--unlabeled": unlabeled, "--autotune": search}
    for option, value in refused.items():
        if value is not None:
            raise ArgumentError(
                f"{option} needs all texts in memory; give one local file, or a folder with one "
                "subfolder a label, as DATA, without --memory and --cache"
            )
    if valid is not None and valid.replace(".", "", 1).isdigit():
        raise ArgumentError(
            f"--valid {valid}: texts of shards are not drawn; give hash:0.1, column:NAME, a file "
            "or shards, or none"
        )


def fit_shards(
    classifier: TextClassifier,
    data: str,
    console: Console,
    options: dict[str, Any],
    how: dict[str, Any],
) -> None:
    """Train from shards, with those of the options that were given."""
    from bothways.data import show

    given = {name: value for name, value in options.items() if value is not None}
    progress = how["watcher"].reading
    classifier.fit_shards(data, **given, **how, tell=console.print, progress=progress)
    facts = classifier.model_.spec.training
    console.print(f"{facts['texts']:,} texts with {len(facts['labels'])} labels from {show(data)}")
