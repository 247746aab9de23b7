"""A fitted classifier as a model folder, with its card."""

from __future__ import annotations

from os import PathLike
from typing import Any

from bothways import artifact


def save_model(
    folder: str | PathLike[str],
    fitted: Any,
    *,
    overwrite: bool = False,
    source: str | None = None,
) -> None:
    """Write spec, weights, card and history; see `bothways.artifact.save`."""
    spec = fitted.model.spec
    history = fitted.history.to_jsonl().encode()
    artifact.save(
        folder,
        spec,
        fitted.tensors,
        artifact.card(spec, source),
        overwrite=overwrite,
        extras={"history.jsonl": history, **(fitted.extras or {})},
    )
