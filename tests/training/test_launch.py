"""The variables of a launcher: read, or refused."""

from __future__ import annotations

import pytest

from bothways.errors import ArgumentError
from bothways.training import Launch, join_ranks, launch

GIVEN = {"WORLD_SIZE": "4", "RANK": "3", "MASTER_ADDR": "node0", "MASTER_PORT": "29500"}


def test_what_is_read():
    assert launch({}) is None
    assert launch({"WORLD_SIZE": "1"}) == Launch(0, 1, 0, 1, "None:None", 0)
    assert launch(GIVEN) == Launch(3, 4, 0, 1, "node0:29500", 0)
    more = {"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RESTART_COUNT": "2"}
    assert launch(GIVEN | more) == Launch(3, 4, 1, 2, "node0:29500", 2)
    assert launch(GIVEN | {"LOCAL_RANK": "1"}).local_size == 2  # at least


def test_alone_there_are_no_ranks(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    with join_ranks() as ranks:
        assert ranks is None


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE must be a whole number from 1, got 'two'"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE must be a whole number from 1, got '0'"),
        ({"RANK": "4"}, "RANK must be a whole number from 0 to 3, got '4'"),
        ({"RANK": None}, "WORLD_SIZE is 4, and RANK is not set"),
        ({"LOCAL_RANK": "-1"}, "LOCAL_RANK must be a whole number from 0 to 3, got '-1'"),
        ({"MASTER_ADDR": ""}, "WORLD_SIZE is 4, and MASTER_ADDR, where all meet, is not set"),
        (
            {"MASTER_PORT": "70000"},
            "MASTER_PORT must be a whole number from 1 to 65535, got '70000'",
        ),
    ],
)
def test_what_makes_no_sense(changes, message):
    given = {k: v for k, v in (GIVEN | changes).items() if v is not None}
    with pytest.raises(ArgumentError) as refusal:
        launch(given)
    assert str(refusal.value) == message
