"""Ranks that are processes: the exchange over gloo, and both learners over it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bothways.artifact import NetworkSpec
from bothways.errors import ArgumentError, RanksError
from bothways.training import KernelLearner, Launch, Ranks, fit, initial_tensors, preset
from bothways.training._distributed import _choose_gpu, connected
from bothways.training._torch import TorchLearner, torch_settings

TOLERANCE = 2e-5
"""Of a step's loss, relative: sums of float32 in another order, which steps build on."""

RECIPE = replace(
    preset("classic"),
    batch_size=8,
    epochs=2,
    learning_rate=1e-2,
    optimizer="adam",
    adversarial=0.3,
    patience=9,
)
SPEC = NetworkSpec(
    *(6, 5, True, "concat", "max", 3),
    dropout=0.5,
    layers=2,
    embedding_dropout=0.3,
    word_dropout=0.2,
    input_dropout=0.3,
    layer_dropout=0.3,
)


def trained(kind: str, ranks: Ranks | None = None):
    """The loss of each step and the weights; kernels, or torch on the CPU."""
    from training.test_ranks import Losses, problem

    watcher = Losses()
    tensors = initial_tensors(SPEC, 60, np.random.default_rng(0))
    with torch_settings(0, 1):
        if kind == "torch":
            learner = TorchLearner(SPEC, tensors, RECIPE, device="cpu", ranks=ranks)
        else:
            rng = np.random.default_rng(1)
            learner = KernelLearner(SPEC, tensors, RECIPE, rng=rng, threads=1, ranks=ranks)
        data = problem(RECIPE, outputs=3, rows=41, weighted=True)  # a batch of one text at the end
        held_out = problem(RECIPE, outputs=3, rows=7, seed=1)
        fit(learner, data, held_out, RECIPE, threads=1, watcher=watcher, ranks=ranks)
    return watcher.losses, learner.tensors()


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_processes_agree_with_one():
    """In the losses to rounding; among themselves in every bit."""
    size = 3
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": str(size)}
    processes = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("rank_processes.py"))],
            env={**os.environ, **place, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    found = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert all(theirs == found[0] for theirs in found)
    rows = [(np.arange(5) + rank).tolist() for rank in range(size)]
    assert found[0]["gathered"] == rows
    assert found[0]["added"] == [np.sum(rows, axis=0).tolist()] * 2
    assert found[0]["told"] == ["x" * rank for rank in range(size)]
    assert (found[0]["followed"], found[0]["empty"]) == ("from the first", "")
    for kind, (theirs, _) in found[0]["learned"].items():
        losses, _ = trained(kind)
        assert abs(losses[0] - losses[-1]) > 0.1
        np.testing.assert_allclose(theirs, losses, rtol=TOLERANCE, err_msg=kind)


def test_others_that_are_not_there(monkeypatch):
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", free_port())
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in (0, 1):  # the one that keeps the store, and one that looks for it
        monkeypatch.setenv("RANK", str(rank))
        place = Launch(rank, 2, 0, 1, "node0:29500", 0)
        started = time.monotonic()
        with (
            pytest.raises(RanksError) as refusal,
            connected(place, "cpu", meeting=1.0),
        ):
            pass
        assert time.monotonic() - started < 10
        assert str(refusal.value).startswith(
            f"rank {rank} of 2 did not find the others at node0:29500 (MASTER_ADDR and "
            "MASTER_PORT) within 1 s: "
        )
        assert not torch.distributed.is_initialized()


def test_a_gpu_too_few(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ArgumentError, match="this host has 1 GPUs for the 2 processes"):
        _choose_gpu(Launch(1, 2, 1, 2, "node0:29500", 0))
