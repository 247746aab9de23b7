"""Ray Data's actors write what one process writes, and a killed one loses nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bothways.errors import ArgumentError, DataError
from bothways.scoring import Done, score
from bothways.scoring._ray import _cores

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'bothways[ray]'")

# Ray's own: sockets and processes that it leaves to the end of the program.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster():
    """Ray on this machine, for all tests: it takes seconds to start."""
    os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False,
             object_store_memory=128 << 20)  # fmt: skip
    yield
    ray.shutdown()


@pytest.fixture
def shards(tmp_path):
    (tmp_path / "in").mkdir()
    for n in range(6):
        rows = pa.table({"text": [f"a {'good' if k % 2 else 'bad'} film {k}" for k in range(40)]})
        pq.write_table(rows, tmp_path / "in" / f"{n}.parquet")
    return str(tmp_path / "in")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def actors():
    """The process numbers of this test's actors."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
            status = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = int(status[1])
        if name.startswith(b"ray::MapWorker(Map(_Scorer))"):
            found.append(int(folder.name))

    def ours(number):
        return number == os.getpid() or (number in parents and ours(parents[number]))

    return [number for number in found if ours(number)]


class Killing:
    """A watcher that kills every actor when the first shard is done."""

    def __init__(self):
        self.killed = []

    def planned(self, plan):
        pass

    def happened(self, event):
        if isinstance(event, Done) and not self.killed:
            self.killed = actors()
            for number in self.killed:
                os.kill(number, signal.SIGKILL)


def test_the_same_files_though_actors_are_killed(cluster, tmp_path, tiny_model, shards):
    bad = tmp_path / "in" / "3.parquet"
    bad.write_bytes(bad.read_bytes()[:-5])
    watcher = Killing()
    summary = score(str(tiny_model), shards, str(tmp_path / "ray"), engine="ray", watcher=watcher)
    assert watcher.killed
    local = score(str(tiny_model), shards, str(tmp_path / "local"))
    assert files(tmp_path / "ray") == files(tmp_path / "local")
    assert len(files(tmp_path / "ray")) == 6
    assert (summary.rows, summary.errors) == (local.rows, local.errors) == (200, 0)
    assert summary.failed == local.failed and list(local.failed) == [str(bad)]
    assert summary.cost.network > 0


def test_what_cannot_be_written_is_one_sentence(cluster, tmp_path, tiny_model, shards):
    out = tmp_path / "out"

    class Removing:
        def planned(self, plan):
            out.rename(tmp_path / "moved")
            out.write_text("a file now")

        def happened(self, event):
            pass

    with pytest.raises(DataError, match=r"out/.*cannot be written \(Not a directory"):
        score(str(tiny_model), shards, str(out), engine="ray", watcher=Removing())


@pytest.fixture
def machines(monkeypatch):
    """A cluster of two machines that live, and one that was lost."""
    cores = [(5.0, True), (2.0, True), (9.0, False)]
    nodes = [{"Alive": alive, "Resources": {"CPU": n}} for n, alive in cores]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)


@pytest.mark.parametrize("threads, cores", [(1, 7), (2, 6), (3, 3), (5, 5)])
def test_actors_are_as_many_as_machines_have_places_for(machines, threads, cores):
    assert _cores(threads, may_grow=True) == cores


def test_more_threads_than_any_machine_has_cores(machines, caplog):
    with pytest.raises(ArgumentError, match=r"with 6 threads needs as many cores, and .* has 5"):
        _cores(6, may_grow=False)
    assert not caplog.records
    assert _cores(6, may_grow=True) == 0
    assert "no machine of the cluster has 6 cores, the largest has 5: waiting" in caplog.text
