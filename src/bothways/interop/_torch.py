"""A model as a state dict of PyTorch's own modules, and the program that loads it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from bothways.artifact import Spec, spec_json
from bothways.errors import ArgumentError, require
from bothways.interop._padded import in_batches
from bothways.interop._reading import BESIDE, reading
from bothways.interop._torch_program import program
from bothways.interop._torch_state import Tensors, state_dict
from bothways.runtime import Model

SPEC = "bothways"
"""The key of the metadata that holds the spec, for the way back."""

ENDING = ".safetensors"


def encode(spec: Spec, tensors: Tensors, name: str) -> dict[str, bytes]:
    """The state dict, the program that loads it, and what these leave to their user.

    Raises `ArgumentError` for a name that does not say what the file is.
    """
    if not name.endswith(ENDING):
        raise ArgumentError(f"{name}: is a safetensors file, expected a name that ends in {ENDING}")
    metadata = {SPEC: spec_json(spec).decode()}  # of two keys the order would be one of chance
    return {
        name: safetensors.numpy.save(state_dict(spec.network, tensors), metadata),
        _script(name): program(spec, name).encode(),
        name + BESIDE: reading(spec, tensors),
    }


def answer(
    files: Mapping[str, bytes], name: str, model: Model, texts: Sequence[str]
) -> tuple[NDArray[np.floating[Any]], str]:
    """The probabilities that the program gives, run as it is, and PyTorch's version."""
    torch = require("torch", extra="torch", purpose="comparing a state dict with the model")
    script = _script(name)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(files[name])
        names: dict[str, Any] = {"__file__": os.path.join(folder, script)}
        # Our own source, written by `encode` a moment ago: what its user will run.
        exec(compile(files[script], script, "exec"), names)
    ids, _ = model.vectorizer.encode(texts)
    rows = []
    for padded, lengths in in_batches(ids):
        given = [torch.from_numpy(padded.astype(np.int64))]
        if model.spec.network.mask:
            given.append(torch.from_numpy(lengths))
        rows.append(names["probabilities"](*given).numpy())
    return np.concatenate(rows), f"PyTorch {torch.__version__}"


def _script(name: str) -> str:
    return name.removesuffix(ENDING) + ".py"
