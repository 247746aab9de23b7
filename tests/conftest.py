"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bothways import kernels

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(params=["scalar", "avx2", "avx512"])
def isa(request):
    """Each instruction tier in turn; the tier is asserted to be the one that ran."""
    if request.param not in kernels.available_isas():
        pytest.skip(f"this CPU has no {request.param}")
    before = kernels.isa()
    kernels.set_isa(request.param)
    yield request.param
    assert kernels.isa() == request.param
    kernels.set_isa(before)


@pytest.fixture
def rng():
    return np.random.default_rng(20051)


@pytest.fixture(scope="session")
def shared_data():
    """The real data, where it lies beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared data is not here")
    return SHARED
