"""train by several processes: one model to the bit, whoever is killed on the way."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.test_cli import corpus, run  # noqa: F401

PROGRAM = Path(__file__).with_name("rank_command.py")
SOON = 60.0
"""Seconds, for machines with much else to do; who waited for an answer in vain would take 600."""

OPTIONS = ("--preset", "classic", "--epochs", "3", "--valid", "24", "--threads", "1")


def environment(ends=(), **more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "END": json.dumps(ends)}
    return {**os.environ, **place, **more}


def ranks(*arguments, ends=(), data=None):
    """Two processes as a plain launcher starts them: exit codes, outputs, messages, seconds from
    the end of the first to that of the last."""
    common, processes = environment(ends, WORLD_SIZE="2"), []
    for rank in range(2):
        own = list(map(str, arguments))
        if data is not None:
            own[1] = str(data[rank])
        processes.append(
            subprocess.Popen(
                [sys.executable, str(PROGRAM), *own],
                env={**common, "RANK": str(rank)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    ended = {}
    while len(ended) < 2:
        ended |= {p: time.monotonic() for p in processes if p not in ended and p.poll() is not None}
        time.sleep(0.02)
    outputs = [p.communicate() for p in processes]
    seconds = max(ended.values()) - min(ended.values())
    return [p.returncode for p in processes], *zip(*outputs, strict=True), seconds


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):  # noqa: F811
    """A run of two ranks that nothing happens to, nine steps in three epochs."""
    folder = tmp_path_factory.mktemp("whole") / "m"
    codes, out, messages, _ = ranks("train", corpus, "--out", folder, *OPTIONS, "--json")
    assert codes == [0, 0], messages
    return folder, out, messages


def test_the_first_speaks_and_the_result_is_that_of_one_process(whole, corpus, tmp_path):  # noqa: F811
    folder, out, messages = whole
    assert out[1] == messages[1] == "" and "saved" in messages[0]
    assert [path.name for path in folder.parent.iterdir()] == ["m"]
    found = json.loads(out[0])
    assert found["training"]["ranks"] == 2
    done = run("train", corpus, "--out", tmp_path / "m", *OPTIONS, "--json")
    alone = json.loads(done.stdout)
    assert "ranks" not in alone["training"]
    for ours, theirs in zip(found["history"], alone["history"], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-5)
        assert ours["valid_loss"] == pytest.approx(theirs["valid_loss"], rel=1e-5)
        assert (ours["tokens"], ours["documents"]) == (theirs["tokens"], theirs["documents"])


def test_torchrun_restarts_and_the_run_goes_on(whole, corpus, tmp_path):  # noqa: F811
    """A killed rank, another one, then an error: the same bits in the end."""
    ends = [[0, 1, 4, "kill"], [1, 0, 3, "kill"], [2, 1, 2, "memory"]]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    launcher += ["--max-restarts", "3", "--monitor-interval", "0.1", "--standalone"]
    command = ["train", str(corpus), "--out", str(tmp_path / "m"), *OPTIONS, "--json"]
    done = subprocess.run(
        [*launcher, str(PROGRAM), *command], env=environment(ends), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # Steps 3, 2 and 1 of the attempts were saved: what a restart goes on with.
    assert [line for line in done.stderr.splitlines() if line.startswith("going on")] == [
        f"going on after {n} of 9 steps" for n in (3, 5, 6)
    ]
    assert weights(tmp_path / "m") == weights(whole[0])
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    json.loads(done.stdout)


def test_without_restarts_the_others_stop_and_resume_goes_on(whole, corpus, tmp_path):  # noqa: F811
    command = ("train", corpus, "--out", tmp_path / "m", *OPTIONS)
    codes, _, messages, seconds = ranks(*command, ends=[[0, 1, 5, "kill"]])
    assert codes == [1, -9] and seconds < SOON
    *told, kept, last = messages[0].splitlines()
    assert last.startswith("bothways: another process is gone, or does not answer: ")
    assert kept == f"{tmp_path / 'm'}.run is kept: the same command with --resume goes on"
    assert len(told) == 1 and messages[1] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["m.run"]
    codes, _, messages, _ = ranks(*command, "--resume")
    assert codes == [0, 0] and "going on after 4 of 9 steps" in messages[0]
    assert weights(tmp_path / "m") == weights(whole[0])


@pytest.mark.parametrize(
    "how, sentence", [("memory", "there is not enough memory"), ("error", "row 7 has gone")]
)
@pytest.mark.parametrize("who", [0, 1])
def test_what_stops_one_is_told_by_all(corpus, tmp_path, how, sentence, who):  # noqa: F811
    command = ("train", corpus, "--out", tmp_path / "m", *OPTIONS)
    codes, _, messages, seconds = ranks(*command, ends=[[0, who, 2, how]])
    assert codes == [1, 1] and seconds < SOON
    last = [message.splitlines()[-1] for message in messages]
    assert last[1 - who] == f"bothways: rank {who} stopped: {sentence}"
    assert sentence in last[who] and "stopped" not in last[who]
    assert len(messages[1].splitlines()) == 1 and not (tmp_path / "m").exists()


def test_ranks_with_other_data(corpus, tmp_path):  # noqa: F811
    other = tmp_path / "other.csv"
    other.write_text(corpus.read_text() + "good,pos\n")
    command = ("train", "", "--out", tmp_path / "m", *OPTIONS)
    codes, _, messages, _ = ranks(*command, data=[corpus, other])
    assert codes == [1, 1] and [path.name for path in tmp_path.iterdir()] == ["other.csv"]
    for message in messages:
        last = message.splitlines()[-1]
        assert last == (
            "bothways: rank 1 has other data than rank 0: its texts, labels or weights differ"
        )
    codes, _, messages, _ = ranks(*command, data=[corpus, tmp_path / "none.csv"])
    assert codes == [1, 1]
    reason = f"{tmp_path / 'none.csv'}: no such file or folder"
    assert messages[0].splitlines()[-1] == f"bothways: rank 1 stopped: {reason}"
    assert messages[1] == f"bothways: rank 1: {reason}\n"


def test_a_search_is_for_one_process(corpus, tmp_path):  # noqa: F811
    env = environment(WORLD_SIZE="2", RANK="0")
    done = run("train", corpus, "--out", tmp_path / "m", "--autotune", "10s", env=env)
    assert done.returncode == 1
    assert done.stderr == (
        "bothways: --autotune searches in one process, and the launcher started 2\n"
    )
