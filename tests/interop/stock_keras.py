"""Stock Keras, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest


def need_keras():
    """Skip the test where Keras or torch is not installed."""
    for module in ("keras", "torch"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


def run_keras(what, folder):
    """Run `keras_program.py` with stock Keras on torch."""
    need_keras()
    program = Path(__file__).with_name("keras_program.py")
    command = [sys.executable, str(program), what, str(folder)]
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
