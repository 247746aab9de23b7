"""Keras files for the tests, from their members."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from bothways.artifact import NetworkSpec, Spec, VectorizerSpec
from bothways.interop import _keras_write


def whole_file(words):
    """The members of a whole file, written by `export`."""
    text = VectorizerSpec(None, "lower", "whitespace", None, False, ("", "[UNK]", *words))
    spec = Spec("classification", ("a", "b"), text, NetworkSpec(4, 3, True, "sum", "last", 1))
    rng = np.random.default_rng(0)
    tensors = {k: rng.normal(0, 1, s).astype(np.float32) for k, s in spec.tensor_shapes.items()}
    data = _keras_write.encode(spec, tensors, "m.keras")["m.keras"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members, compress=zipfile.ZIP_STORED):
    """A zip file of the members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compress) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()
