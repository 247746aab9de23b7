"""One service for the tests that leave it as it is."""

import pytest
from served import serving


@pytest.fixture(scope="session")
def service(tiny_model):
    """Two names of one model, with limits that a test can reach."""
    limits = ["--max-body", "100kB", "--max-tokens", "500", "--max-texts", "50"]
    times = ["--receive-timeout", "1s", "--timeout", "5s"]
    with serving(f"tiny={tiny_model}", f"other={tiny_model}", *limits, *times) as served:
        yield served


@pytest.fixture
def healthy(service):
    """The service; after the test it still answers, and has said nothing."""
    yield service
    answer = service.predict("good film", model="tiny")
    assert answer["predictions"][0]["label"] == "pos"
    assert service.process.poll() is None
