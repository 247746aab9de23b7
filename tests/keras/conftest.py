"""What the tests of the Keras layers may use."""

from __future__ import annotations

import pytest

from bothways.keras import _engine


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    """Keras's own way warns in each test anew: a test that does not expect it fails there."""
    monkeypatch.setattr(_engine, "_told", set())
