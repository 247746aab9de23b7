"""A pytest plugin for the runs of `run.py`: they must test what they claim to test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("sanitize", deadline=None)  # everything takes several times as long
settings.load_profile("sanitize")


def pytest_sessionstart(session):
    from bothways.kernels import _kernels

    runtime = os.environ["BOTHWAYS_SANITIZER_RUNTIME"]
    if not Path(_kernels.__file__).samefile(os.environ["BOTHWAYS_SANITIZED"]):
        pytest.exit(f"{_kernels.__file__} is not the sanitized extension", returncode=2)
    if runtime not in Path("/proc/self/maps").read_text():
        pytest.exit(f"{runtime} is not loaded", returncode=2)


def pytest_sessionfinish(session):
    assert "torch" not in sys.modules
