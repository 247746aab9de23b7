"""From a model folder to a smaller one."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from bothways import artifact
from bothways._amounts import parse_size
from bothways.compression._change import change, draft
from bothways.compression._shrink import shrink
from bothways.errors import ArgumentError
from bothways.runtime import Model


def compress(
    folder: str | PathLike[str],
    out: str | PathLike[str],
    *,
    max_size: int | str | None = None,
    texts: Sequence[str] | None = None,
    labels: Sequence[str] | Sequence[Collection[str]] | None = None,
    source: str = "",
    overwrite: bool = False,
    threads: int | None = None,
) -> dict[str, Any]:
    """Write the model of `folder` to `out` in 8 bits, with as many words as fit `max_size`.

    `max_size`, bytes or a string such as `"5MB"`, is that of the whole folder; without it
    every word is kept. What it costs is measured on `texts` and their `labels` (see `change`;
    `source` names them on the card), or the card says that it was not.

    Returns the facts that stand in the new spec's `training["compressed"]`, and `bytes`, the
    size of the new folder. Raises `ArgumentError` for a size that cannot be met, and
    `ArtifactError` for a model that cannot be read or written; then `out` is as it was.
    """
    limit = None if max_size is None else parse_size(max_size)
    given: Sequence[str] = [] if texts is None else texts
    if labels is not None and len(labels) != len(given):
        raise ArgumentError(f"got {len(labels)} labels for {len(given)} texts")
    artifact.check_writable(out, overwrite=overwrite)
    spec, tensors = artifact.load(folder)
    tokens = len(spec.vectorizer.vocabulary)
    facts: dict[str, Any] = {
        "max_bytes": limit,
        "bytes_before": _folder_bytes(folder),
        "tokens_before": tokens,
        "tokens": tokens,
    }
    if len(given):
        facts["measured"] = {"source": source, **draft(len(given), labels is not None)}
    # The figures of the training are those of the larger model. No number is longer than these.
    longest = {**facts, "max_bytes": max(limit or 0, 10**12)}
    drafted = replace(spec, quality={}, training={**spec.training, "compressed": longest})
    small, arrays = shrink(drafted, tensors, limit)
    facts["tokens"] = len(small.vectorizer.vocabulary)
    if len(given):
        models = Model(spec, tensors), Model(small, arrays)
        facts["measured"] |= change(*models, given, labels, threads=threads)
    small = replace(small, training={**spec.training, "compressed": facts})
    artifact.save(out, small, arrays, artifact.card(small), overwrite=overwrite)
    return {**facts, "bytes": _folder_bytes(out)}


def _folder_bytes(folder: str | PathLike[str]) -> int:
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)
