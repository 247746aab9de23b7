"""What was measured on what, for the end of a report."""

from __future__ import annotations

import datetime
import platform
from math import prod
from typing import TYPE_CHECKING

import numpy as np

import bothways
from bothways.data import Dataset, fingerprint, is_data_of

if TYPE_CHECKING:
    from bothways.artifact import Spec


def seen_before(spec: Spec, every: Dataset, *, held_out: bool) -> str:
    """Whether the model had seen the texts of the data `every`, or of its held-out part:
    `"held out"`, `"trained on"` or `"new"`, as far as the facts of its training tell."""
    if held_out:
        return "held out"
    return "trained on" if is_data_of(every, spec.training) else "new"


def report_facts(spec: Spec, model: str, rows: Dataset, seen: str) -> list[tuple[str, str]]:
    """Names and values: the model, its training, the data, the versions."""
    n, t = spec.network, spec.training
    weights = sum(prod(shape) for shape in spec.tensor_shapes.values())
    direction = "both directions" if n.bidirectional else "one direction"
    if n.lookahead is not None:
        direction += f" (back from {n.lookahead} tokens ahead)"
    widths = ", ".join(dict.fromkeys(str(layer.hidden_size) for layer in n.stack))
    layers = f"{n.layers} layers of {widths}" if n.layers > 1 else widths
    facts = [
        ("model", model),
        ("network", f"LSTM of {layers} units, {direction}, {n.pooling} pooling"),
        ("vocabulary", f"{len(spec.vectorizer.vocabulary):,} tokens"),
        ("weights", f"{weights:,} {'float32' if spec.storage == 'f32' else 'in 8 bits'}"),
    ]
    if "imported" in t:
        facts.append(("trained by", f"{t['imported']['program']}, {t['imported']['source']}"))
    if "texts" in t:
        facts.append(("trained on", f"{t['texts']:,} texts in {t.get('seconds', 0):.0f} s"))
    if "recipe" in t:
        facts.append(("preset, seed", f"{t['recipe']['name']}, {t['seed']}"))
    part = {"held out": ", the part held out", "trained on": ", trained on", "new": ""}[seen]
    return [
        *facts,
        ("measured on", f"{rows.source}{part}"),
        ("fingerprint", fingerprint(rows)),
        ("date", f"{datetime.datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"),
        ("made by", f"Bothways {bothways.__version__} (model: {spec.bothways_version})"),
        ("with", f"Python {platform.python_version()}, NumPy {np.__version__}"),
    ]
