"""What decides the bits of a training run: a run that goes on must have it all the same."""

from __future__ import annotations

import dataclasses
from hashlib import sha256
from typing import Any

import numpy as np

import bothways
from bothways import Ragged, kernels
from bothways.text import TextVectorizer
from bothways.training import Examples, Preset

# Those of the estimator's parameters that are in the recipe, and the one without effect.
_NOT_IN_KEY = {"preset", "epochs", "precision", "checkpoint", "threads"}


def run_key(
    estimator: Any,
    recipe: Preset,
    fingerprint: str,
    vectorizer: TextVectorizer,
    train: Examples | str,
    valid: Examples | str | None,
) -> dict[str, Any]:
    """The data as they were given and as the training sees them (or what stands for these), every
    parameter of the estimator that matters, the recipe, and the program."""
    parameters = estimator.get_params(deep=False)
    parameters["seed"] = parameters.pop("random_state")
    return {
        "fingerprint": fingerprint,
        **{k: v for k, v in parameters.items() if k not in _NOT_IN_KEY},
        "recipe": dataclasses.asdict(recipe),
        "version": bothways.__version__,
        "instructions": kernels.isa(),
        # Last, as they follow from all of the above, and from weights and other texts.
        "words": sha256("\0".join(vectorizer.get_vocabulary()).encode()).hexdigest(),
        "train": _digest(train),
        "valid": _digest(valid),
    }


def _digest(examples: Examples | str | None) -> str:
    if isinstance(examples, str):
        return examples
    digest = sha256()
    for part in examples or ():
        arrays = (part.values, part.offsets) if isinstance(part, Ragged) else (part,)
        for array in arrays:
            # None as nothing, which no array is: its length comes first.
            data = b"" if array is None else np.ascontiguousarray(array).tobytes()
            digest.update(f"{None if array is None else len(data)}:".encode())
            digest.update(data)
    return digest.hexdigest()
