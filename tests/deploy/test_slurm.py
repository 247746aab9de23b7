"""The scripts for Slurm, with stand-ins for its commands."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from lint import DEPLOY, lint
from started import run_together

from conftest import tiny_corpus

SCRIPTS = sorted((DEPLOY / "slurm").glob("*.sbatch"))
# Of `scontrol show hostnames`, whose hosts are all this one; of `srun`, which starts a command on
# each node, and whose options are all of the form --name=value.
STAND_INS = {
    "scontrol": 'for _ in $(seq "$SLURM_JOB_NUM_NODES"); do echo localhost; done',
    "srun": """
        while [[ $1 == --* ]]; do shift; done
        for ((node = 0; node < SLURM_JOB_NUM_NODES; node++)); do
            echo "$SRUN_CPUS_PER_TASK cores for node $node"
            SLURM_NODEID=$node "$@" & started+=($!)
        done
        for process in "${started[@]}"; do wait "$process" || exit; done
    """,
}


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Run a script as a job, in a folder of its own."""
    for name, script in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}")
        (tmp_path / name).chmod(0o755)
    here = Path(sys.executable).parent
    path = os.pathsep.join([str(tmp_path), str(here), os.environ["PATH"]])
    monkeypatch.chdir(tmp_path)

    def submit(script, *arguments, **variables):
        command = ["bash", str(DEPLOY / "slurm" / script), *map(str, arguments)]
        environment = os.environ | {"PATH": path, "SLURM_CPUS_PER_TASK": "1"} | variables
        return run_together([(command, environment)])

    return submit


def test_shellcheck_finds_nothing():
    assert len(SCRIPTS) == 2
    lint("shellcheck", *SCRIPTS)


def test_two_nodes_train_one_model(slurm, tmp_path):
    texts, labels = tiny_corpus(200)
    with open("reviews.csv", "w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts, labels, strict=True)])
    said = slurm(
        *("train.sbatch", "reviews.csv", "--out", "my-model", "--epochs", 2),
        SLURM_JOB_NODELIST="node[1-2]",
        SLURM_JOB_NUM_NODES="2",
        SLURM_JOB_ID=str(os.getpid()),
    )
    assert "1 cores for node 0" in said and "1 cores for node 1" in said
    assert said.count("saved my-model") == 1
    assert (tmp_path / "my-model" / "spec.json").exists()
    assert not (tmp_path / "my-model.run").exists()


def test_an_array_scores_every_shard_once(slurm, tiny_model, tmp_path):
    (tmp_path / "shards").mkdir()
    for n in range(5):
        rows = "".join(f"{text}\n" for text in tiny_corpus(20, seed=n)[0])
        (tmp_path / "shards" / f"part-{n}.csv").write_text("text\n" + rows)
    for task, told in (("0", "2 shards"), ("1", "2 shards"), ("2", "1 shard"), ("2", "0 shards")):
        said = slurm(
            *("predict.sbatch", tiny_model, "shards/*.csv", "scored"),
            SLURM_ARRAY_TASK_ID=task,
            SLURM_ARRAY_TASK_COUNT="3",
        )
        assert f"{told} with" in said
    found = sorted(path.relative_to("scored") for path in Path("scored").glob("*/part-*"))
    assert [str(path) for path in found] == [
        *("0/part-0.csv", "0/part-3.csv"),
        *("1/part-1.csv", "1/part-4.csv"),
        "2/part-2.csv",
    ]
