"""Asking stock Keras, in a process of its own: it decides on its backend when it is imported."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile

import numpy as np
from numpy.typing import NDArray

from bothways import Ragged
from bothways.errors import ArtifactError
from bothways.interop._padded import padded_batches

_BACKENDS = ("torch", "jax", "tensorflow")
_PROGRAM = """
import sys, warnings
warnings.filterwarnings("ignore")
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
with np.load(sys.argv[2]) as parts:
    rows = [np.asarray(model.predict_on_batch(parts[name])) for name in parts.files]
np.save(sys.argv[3], np.concatenate(rows))
print(f"Keras {keras.__version__} on {keras.backend.backend()}")
"""


def keras_answers(
    data: bytes, ids: Ragged, length: int | None
) -> tuple[NDArray[np.float32], str] | None:
    """What the model in the bytes of a `.keras` file answers for `N` texts, `(N, outputs)`, and
    who: they are filled up to `length`, or, if that changes nothing, as far as need be.

    None if Keras or each of its backends is not installed. The environment variable
    `KERAS_BACKEND` chooses the backend. Raises `ArtifactError` if Keras cannot open the file.
    """
    there = [name for name in _BACKENDS if importlib.util.find_spec(name)]
    backend = os.environ.get("KERAS_BACKEND") or next(iter(there), None)
    if backend is None or importlib.util.find_spec("keras") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="bothways-") as folder:
        paths = [os.path.join(folder, name) for name in ("m.keras", "ids.npz", "answers.npy")]
        with open(paths[0], "wb") as file:
            file.write(data)
        texts, padded = zip(*padded_batches(ids, length), strict=True)
        np.savez(paths[1], *padded)
        # Steps are small: more threads would wait for each other most of the time.
        environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *paths],
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
            raise ArtifactError(f"Keras could not be asked ({last[:200]})")
        answers = np.load(paths[2])[np.argsort(np.concatenate(texts))]
        return answers, done.stdout.strip().splitlines()[-1]
