"""What stands beside this file once more, in a process of their own, on Keras's JAX backend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from bothways import kernels

HERE = Path(__file__).parent
FILES = ["test_layers.py", "test_models.py", "test_jax_transforms.py"]
CHOICE = ["-k", "not (names or regularizers or different_settings)"]  # those are no backend's


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is that process")
def test_on_jax():
    assert kernels.jax_handlers() is not None  # or Keras's own way would be what is tested
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES, *CHOICE],
        cwd=HERE,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
