"""The kernels are also tested on the model of AMX's tiles."""

from __future__ import annotations

import pytest

from conftest import using


@pytest.fixture(params=["scalar", "avx2", "avx512", "avx512bf16", "amx", "amx-model"])
def isa(request):
    """Each instruction tier in turn; the tier is asserted to be the one that ran."""
    with using(request.param) as tier:
        yield tier
