"""What the outermost application makes of faults of our own, and of answers that do not come."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import httpx
import pytest

from bothways.serving import Limits, Service, create_app, open_models

TEXT = {"text": "good film"}


@pytest.fixture
def ask(tiny_model):
    """`ask(predict)`: the answer to one request where `predict` stands in for the service's."""

    def run(predict, path="/predict", **limits):
        async def once():
            service = Service(open_models([str(tiny_model)]), replace(Limits(), **limits))
            service.predict = predict
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                answer = await client.post(path, json=TEXT)
                counted = (await client.get("/metrics")).text
            assert service.held.bytes == 0
            service.close()
            return answer, counted

        return asyncio.run(once())

    return run


def test_a_fault_of_ours_is_said_and_logged_without_the_text(ask, caplog):
    async def predict(*asked):
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        answer, counted = ask(predict)
    assert answer.status_code == 500
    assert answer.json() == {"error": "the service failed; its log says why"}
    assert "a request to '/predict' failed" in caplog.text and "broken" in caplog.text
    assert "good film" not in caplog.text
    assert 'bothways_requests_total{path="/predict",status="500"} 1.0' in counted


def test_an_answer_that_takes_too_long_is_given_up(ask):
    cancelled = []

    async def predict(*asked):
        try:
            await asyncio.sleep(10)
        finally:
            cancelled.append(asked)

    answer, _ = ask(predict, seconds=0.1)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5"
    assert answer.json() == {"error": "there was no answer within 0.1 seconds; come back"}
    assert len(cancelled) == 1


def test_all_bodies_together_are_bounded(ask):
    async def predict(*asked):
        raise AssertionError("it was not to be asked")

    answer, _ = ask(predict, held=10)
    assert answer.status_code == 429 and answer.headers["retry-after"] == "1"
    assert answer.json()["error"] == "too much is waiting (10 bytes); come back in a second"
