"""A run that ends early is gone on with; what is there is known to be of this model and data."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bothways.errors import ArgumentError, DataError
from bothways.scoring import Done, score

TEXTS = ["a good film", "the bad book", "", "not so very good"]
MANIFEST = "_bothways.json"


@pytest.fixture
def shards(tmp_path):
    """A glob of five shards, one of them in a folder below."""
    folder = tmp_path / "shards"
    (folder / "b").mkdir(parents=True)
    for n, name in enumerate(("a1", "a2", "b/1", "c", "d")):
        rows = pa.table(
            {"id": range(n, n + 300), "text": [TEXTS[k % 4] for k in range(n, n + 300)]}
        )
        pq.write_table(rows, folder / f"{name}.parquet", row_group_size=100)
    return f"{folder}/**/*.parquet"


@pytest.fixture
def run(tmp_path, tiny_model, shards):
    def go(out="out", data=shards, model=tiny_model, **options):
        return score(str(model), data, str(tmp_path / out), **options)

    return go


def files(folder):
    """The bytes of each file below a folder, by its name there."""
    found = (path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


class Interrupting:
    """A watcher that interrupts after so many events."""

    def __init__(self, events, error=KeyboardInterrupt):
        self.events, self.error = events, error

    def planned(self, plan):
        pass

    def happened(self, event):
        self.events -= 1
        if self.events == 0:
            raise self.error


def test_names_and_folders_are_kept(run, tmp_path):
    summary = run()
    names = {"a1.parquet", "a2.parquet", "b/1.parquet", "c.parquet", "d.parquet"}
    assert set(files(tmp_path / "out")) == names | {MANIFEST}
    assert (summary.shards, summary.already, summary.rows, summary.errors) == (5, 0, 1500, 0)
    cost = summary.cost
    assert min(cost.read, cost.vectorize, cost.network, cost.write) > 0
    assert 0 < summary.not_the_model < 1 and summary.rate > 0
    assert cost.all >= cost.vectorize + cost.network


def test_a_second_run_does_what_is_missing(run, tmp_path):
    run()
    before = files(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    gone = tmp_path / "out" / "b" / "1.parquet"
    gone.unlink()
    summary = run()
    assert (summary.already, summary.rows) == (4, 300)
    assert files(tmp_path / "out") == before
    again = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    assert [path for path in times if times[path] != again[path]] == [gone]
    assert (run().already, run().rows) == (5, 0)


@pytest.mark.parametrize("events", [1, 2, 4, 7])
def test_interrupted_anywhere(run, tmp_path, events):
    with pytest.raises(KeyboardInterrupt):
        run(watcher=Interrupting(events))
    left = files(tmp_path / "out")
    assert not [name for name in left if "bothways-" in name]
    run("whole")
    whole = files(tmp_path / "whole")
    assert all(whole[name] == data for name, data in left.items())
    run()
    assert files(tmp_path / "out") == whole


@pytest.mark.parametrize(
    "suffix", [".csv", ".jsonl", ".csv.gz", ".jsonl.bz2", ".csv.xz", ".tsv.zst"]
)
def test_every_format_is_gone_on_with(tmp_path, run, suffix):
    import bz2
    import gzip
    import lzma

    openers = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    openers[".zst"] = lambda path, mode: pa.CompressedOutputStream(str(path), "zstd")
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [{"text": text, "n": n} for n, text in enumerate(TEXTS * 50)]
    data = "".join(json.dumps(row) + "\n" for row in rows)
    if "jsonl" not in suffix:
        mark = "\t" if "tsv" in suffix else ","
        data = f"text{mark}n\n" + "".join(f"{row['text']}{mark}{row['n']}\n" for row in rows)
    for name in "ab":
        opened = openers.get(Path(suffix).suffix, open)(folder / f"{name}{suffix}", "wb")
        with opened as file:
            file.write(data.encode())
    with pytest.raises(KeyboardInterrupt):
        run(data=str(folder), watcher=Interrupting(2))
    run("whole", data=str(folder))
    summary = run(data=str(folder))
    assert (summary.already, summary.rows, summary.errors) == (1, 200, 0)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


# A shell without job control starts what is in the background with SIGINT ignored.
SLOW = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import bothways.scoring._local as local
answer = local.answer
def slow(*args, **options):
    time.sleep(0.2)
    return answer(*args, **options)
local.answer = slow
from bothways.cli import main
main()
"""


@pytest.mark.parametrize(
    ("number", "times", "code"),
    [(signal.SIGKILL, 3, -9), (signal.SIGTERM, 1, 143), (signal.SIGINT, 1, 130)],
)
def test_killed(tmp_path, run, tiny_model, shards, number, times, code):
    run("whole")
    whole = files(tmp_path / "whole")
    out = tmp_path / "out"
    command = [sys.executable, "-c", SLOW, "predict", tiny_model, shards, "--out", out]
    for wanted in range(1, times + 1):
        process = subprocess.Popen([*command, "--threads", "1"], stderr=subprocess.PIPE, text=True)
        while process.poll() is None and len(list(out.rglob("*.parquet"))) < wanted:
            time.sleep(0.01)
        process.send_signal(number)
        _, said = process.communicate()
        assert process.returncode == code, said
        left = files(out)
        hidden = [name for name in left if "bothways-" in name]
        assert number == signal.SIGKILL or not hidden
        assert all(whole[name] == data for name, data in left.items() if name not in hidden)
    summary = run()
    assert summary.already >= times
    assert files(out) == whole


def test_another_model_or_setting_is_refused(run, tmp_path, several_folder):
    run()
    before = files(tmp_path / "out")
    for options, said in (
        ({"model": several_folder}, "holds answers of the model .*, and this is "),
        ({"reject_below": 0.9}, "holds answers with reject_below None, and now it is 0.9"),
        ({"precision": "bf16"}, "holds answers with precision 'f32'"),
        ({"prefix": "p_"}, "holds answers with prefix ''"),
        ({"text": "id"}, "holds answers with text 'text'"),
    ):
        with pytest.raises(DataError, match=f"{said}.*--overwrite replaces it"):
            run(**options)
        assert files(tmp_path / "out") == before
    summary = run(model=several_folder, overwrite=True)
    assert (summary.already, summary.rows) == (0, 1500)
    run("whole", model=several_folder)
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    assert run(model=several_folder, overwrite=True).already == 5


def test_a_changed_shard_is_refused(run, tmp_path):
    run()
    before = files(tmp_path / "out")
    pq.write_table(pa.table({"id": [1], "text": ["bad"]}), tmp_path / "shards" / "c.parquet")
    with pytest.raises(
        DataError, match=r"c\.parquet was made of a shard that has changed since; --o"
    ):
        run()
    assert files(tmp_path / "out") == before
    summary = run(overwrite=True)
    assert (summary.already, summary.rows) == (4, 1)
    after = files(tmp_path / "out")
    assert {name for name in after if after[name] != before[name]} == {MANIFEST, "c.parquet"}


def test_one_shard_after_another_into_one_folder(run, tmp_path):
    for name in ("a1", "a2", "c", "d"):
        run(data=f"{tmp_path}/shards/{name}.parquet")
    run(data=f"{tmp_path}/shards/b/*.parquet", out="out/b")
    run("whole")
    found, whole = files(tmp_path / "out"), files(tmp_path / "whole")
    assert {k: v for k, v in found.items() if MANIFEST not in k} == {
        k: v for k, v in whole.items() if k != MANIFEST
    }


def test_what_is_not_ours_is_left_alone(run, tmp_path, shards):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c.parquet").write_text("mine")
    for options in ({}, {"overwrite": True}):
        with pytest.raises(DataError, match=r"holds 'c\.parquet', which was not written by"):
            run(**options)
        assert files(tmp_path / "out") == {"c.parquet": b"mine"}
    (tmp_path / "out" / MANIFEST).write_text('{"format": 2}')
    with pytest.raises(DataError, match=r"_bothways\.json is not one that this version writes"):
        run()


def test_out_must_be_apart_from_data(run, tmp_path, shards):
    before = files(tmp_path / "shards")
    with pytest.raises(DataError, match=r"shards: holds .*a1.parquet, a shard of DATA"):
        run("shards")
    os.symlink(tmp_path / "shards", tmp_path / "same")
    with pytest.raises(DataError, match=r"same: holds .*a1.parquet, a shard of DATA"):
        run("same")
    with pytest.raises(DataError, match="lies in DATA, where the answers would be shards next"):
        run("shards/out")
    assert files(tmp_path / "shards") == before
    run("shards/out", data=f"{tmp_path}/shards/*.parquet")
    assert run("shards/out", data=f"{tmp_path}/shards/*.parquet").already == 4


def test_nothing_is_begun_for_an_option_that_is_wrong(run, tmp_path, several_folder):
    for options, said in (
        ({"reject_below": 3}, "reject_below must be a number from 0 to 1, got 3"),
        ({"engine": "dask"}, "got engine='dask', expected one of local, ray"),
        ({"model": several_folder, "reject_below": 0.5}, "gives a text several labels"),
    ):
        with pytest.raises(ArgumentError, match=said):
            run(**options)
        assert not (tmp_path / "out").exists()


def test_two_of_one_name(run, tmp_path, tiny_model):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text("text\ngood\n")
    summary = run(data=f"{tmp_path}/[xy]/a.csv")
    assert summary.rows == 2 and {"x/a.csv", "y/a.csv"} < set(files(tmp_path / "out"))


def test_a_bad_shard_is_named_and_the_others_are_done(run, tmp_path):
    shard = tmp_path / "shards" / "a2.parquet"
    shard.write_bytes(shard.read_bytes()[:-9])
    other = pa.table({"id": [1], "body": ["bad"]})
    pq.write_table(other, tmp_path / "shards" / "c.parquet")
    summary = run()
    assert (summary.rows, len(summary.failed)) == (900, 2)
    assert "a2.parquet: is not a whole Parquet file" in summary.failed[str(shard)]
    assert "there is no text column 'text'; the columns are 'id', 'body'" in str(summary.failed)
    assert {"a2.parquet", "c.parquet"}.isdisjoint(files(tmp_path / "out"))


def test_damage_in_the_middle(run, tmp_path):
    shard = tmp_path / "shards" / "a2.parquet"
    data = bytearray(shard.read_bytes())
    place = pq.ParquetFile(shard).metadata.row_group(2).column(1).data_page_offset
    data[place : place + 40] = b"x" * 40
    shard.write_bytes(data)
    summary = run()
    assert list(summary.failed) == [str(shard)] and summary.rows == 1200
    assert not [name for name in files(tmp_path / "out") if "a2" in name]


class Changing:
    """A watcher that changes a shard as soon as another is done."""

    def __init__(self, change):
        self.change = change

    def planned(self, plan):
        pass

    def happened(self, event):
        if isinstance(event, Done) and self.change is not None:
            self.change()
            self.change = None


@pytest.mark.parametrize("how", ["vanishes", "changes"])
def test_a_shard_that_does_not_stay_as_it_was(run, tmp_path, how):
    shard = tmp_path / "shards" / "d.parquet"
    other = pa.table({"id": [1], "text": ["bad"]})
    change = shard.unlink if how == "vanishes" else lambda: pq.write_table(other, shard)
    summary = run(watcher=Changing(change))
    (said,) = summary.failed.values()
    assert "d.parquet" in said and ("no such file" in said or "has changed since it was" in said)
    assert "d.parquet" not in files(tmp_path / "out") and summary.rows == 1200
    if how == "changes":
        assert (run().rows, run().already) == (1, 5)


def test_two_runs_at_once(run, tmp_path):
    class Second:
        def planned(self, plan):
            with pytest.raises(DataError, match="another run is writing to it"):
                run()

        def happened(self, event):
            pass

    assert run(watcher=Second()).rows == 1500


def test_a_full_disk(run, tmp_path, shards):
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    out = tmp_path / "out"
    out.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "none", out])
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises(DataError, match=r"parquet: cannot be written \(No space left"):
            run()
        assert not [name for name in files(out) if "bothways-" in name]
        subprocess.run(["mount", "-o", "remount,size=2m", out], check=True)
        assert run().already > 0
        run("whole")
        assert files(out) == files(tmp_path / "whole")
    finally:
        subprocess.run(["umount", out], check=True)


def test_out_that_cannot_be_written(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DataError, match=r"out: is not a folder"):
        run()
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory"):
        run("out/below")


def test_a_store(run, tmp_path, tiny_model, shards):
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for path in (tmp_path / "shards").glob("*.parquet"):
        store.pipe(f"/{tmp_path.name}/in/{path.name}", path.read_bytes())
    data, out = (f"memory://{tmp_path.name}/{name}" for name in ("in/*.parquet", "out"))
    with pytest.raises(KeyboardInterrupt):
        score(str(tiny_model), data, out, watcher=Interrupting(4))
    summary = score(str(tiny_model), data, out)
    assert summary.already == 1 and summary.rows == 900
    run("whole", data=f"{tmp_path}/shards/*.parquet")
    whole = files(tmp_path / "whole")
    found = {name: store.cat(f"/{tmp_path.name}/out/{name}") for name in whole}
    assert found.pop(MANIFEST) and whole.pop(MANIFEST)
    assert found == whole
    with pytest.raises(DataError, match="holds answers with reject_below"):
        score(str(tiny_model), data, out, reject_below=0.5)


def test_parts_have_every_shard_once(run, tmp_path, shards):
    run("whole")
    together: dict[str, bytes] = {}
    for part in range(3):
        assert run(f"parts/{part}", part=f"{part}/3").shards == (2, 2, 1)[part]
        assert run(f"parts/{part}", part=f"{part}/3").rows == 0
        found = files(tmp_path / "parts" / str(part))
        del found[MANIFEST]
        assert not found.keys() & together.keys()
        together |= found
    whole = files(tmp_path / "whole")
    del whole[MANIFEST]
    assert together == whole
    assert run("more", part="7/8").shards == 0


def test_another_part_is_refused(run, tmp_path, shards):
    run(part="1/3")
    before = files(tmp_path / "out")
    for part in ("0/3", "1/2", None):
        with pytest.raises(DataError, match="part '1/3', and now it is"):
            run(part=part)
    (tmp_path / "shards" / "a0.parquet").write_bytes((tmp_path / "shards/a1.parquet").read_bytes())
    with pytest.raises(DataError, match="which part 1/3 of DATA has no more"):
        run(part="1/3")
    assert files(tmp_path / "out") == before
    for wrong in ("3/3", "1", "-1/3", "a/b", "1/", "", "1/2/3"):
        with pytest.raises(ArgumentError, match="expected K/N"):
            run("other", part=wrong)
    assert not (tmp_path / "other").exists()
