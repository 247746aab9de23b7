"""The state of a stream as bytes, and back: arrays in the safetensors format, no pickle."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError
from bothways.runtime._online import Carry

if TYPE_CHECKING:
    from bothways.runtime._model import Model

State = tuple[Carry, NDArray[np.int32], list[str], str, int]


def pack(
    model: Model,
    options: str,
    carry: Carry,
    kept: NDArray[np.int32],
    late: list[str],
    word: str,
    seen: int,
) -> bytes:
    """One stream as bytes."""
    from safetensors.numpy import save

    rest = {"model": _mark(model), "options": options, "late": late, "word": word, "seen": seen}
    arrays = {"pooled": carry.pooled, "kept": kept, "count": np.array([carry.count])}
    for k, (h, c) in enumerate(zip(carry.h, carry.c, strict=True)):
        arrays |= {f"h.{k}": h, f"c.{k}": c}
    return save(arrays | {"rest": np.frombuffer(json.dumps(rest).encode(), np.uint8)})


def unpack(model: Model, options: str, state: bytes) -> State:
    """What `pack` was given. Raises `ArgumentError` for what it did not make."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(state)
        rest = json.loads(arrays.pop("rest").tobytes())
        of, had = rest["model"], rest["options"]
        kept, late, word, seen = arrays["kept"], rest["late"], rest["word"], rest["seen"]
        layers = sum(name.startswith("h.") for name in arrays)
        carry = Carry(
            [arrays[f"h.{k}"] for k in range(layers)],
            [arrays[f"c.{k}"] for k in range(layers)],
            arrays["pooled"],
            int(arrays["count"][0]),
        )
    except (SafetensorError, ValueError, LookupError, TypeError):
        raise ArgumentError("this is not the state of a stream") from None
    if of != _mark(model):
        raise ArgumentError("this is the state of a stream over another model")
    if had != options:
        raise ArgumentError(f"this is the state of a stream with {had}, and this one has {options}")
    return carry, kept, late, word, seen


def _mark(model: Model) -> str:
    """What tells one model from another: its labels, words and options, and its weights but the
    embedding."""
    network, spec = model.network, model.spec
    told = repr((spec.labels, spec.temperature, spec.vectorizer, spec.network))
    digest = hashlib.sha256(told.encode("utf-8", "backslashreplace"))
    inputs = (array for pair in network.inputs for array in pair)
    for array in (*inputs, *(r.weights for r in network.recurrent), *network.dense):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
