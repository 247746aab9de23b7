"""Names, folders, globs and standard input: what DATA is, and when it is no more what it was."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from bothways.data import read
from bothways.errors import DataError
from bothways.storage import (
    _stdin,
    check_unchanged,
    find_shards,
    format_of,
    is_shards,
    open_bytes,
    show,
    without_secrets,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("A.TSV.GZ", "tsv"),
        ("s3://b/c.d/part-0.snappy.parquet", "parquet"),
        ("https://host/a.jsonl.zst?token=a.csv#b", "jsonl"),
        ("https://host?f=a.csv", None),
        ("zip://in/a.csv::file:///b.zip", "csv"),
        ("a.gz", None),
        ("a.xlsx", None),
        ("csv", None),
    ],
)
def test_a_suffix_is_a_format(name, kind):
    assert format_of(name) == kind


def test_what_is_secret_is_not_shown():
    assert show("https://me:pass@host/a.csv?sig=abc") == "https://host/a.csv"
    assert show("s3://bucket/a?.csv") == "s3://bucket/a?.csv"
    assert show("me:pass@host?x\n") == "me:pass@host?x\\n"  # a path
    assert without_secrets("sftp://me:pass@host/a\n.csv") == "sftp://host/a\n.csv"
    assert without_secrets("sftp://me:p@ss@host/a@b.csv") == "sftp://host/a@b.csv"
    assert without_secrets("me:pass@host?x\n") == "me:pass@host?x\n"


def names(data):
    return [os.path.basename(shard.name) for shard in find_shards(str(data))]


def make(folder, *files):
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text,label\na,x\n")


def test_folders_and_globs(tmp_path):
    make(tmp_path, "b.csv", "a.csv.gz", "_SUCCESS", "._a.csv", ".b.csv.crc", "_c.csv")
    for data in (tmp_path, f"{tmp_path}/*", f"file://{tmp_path}", f"{tmp_path}/[ab].csv*"):
        assert is_shards(str(data))
        assert names(data) == ["a.csv.gz", "b.csv"]
    assert names(f"{tmp_path}/_*.csv") == ["_c.csv"]
    assert not is_shards(f"{tmp_path}/b.csv") and names(f"{tmp_path}/b.csv") == ["b.csv"]
    make(tmp_path, "deep/year=1/c.csv", "x[1].csv")
    assert names(f"{tmp_path}/deep/**/*.csv") == ["c.csv"]
    assert not is_shards(f"{tmp_path}/x[1].csv") and names(f"{tmp_path}/x[1].csv") == ["x[1].csv"]
    assert not is_shards(f"{tmp_path}/gone.csv")


def test_this_machine_needs_no_fsspec(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    make(tmp_path, "a.csv", "b.csv")
    assert read(f"file://{tmp_path}/*.csv").texts == read(tmp_path).texts == ["a", "a"]


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (["a.txt", "b.txt.gz"], True),
        (["pos/1.txt", "neg/2.txt", "urls_pos.txt", "README"], False),
        (["README"], False),
        ([], False),
    ],
)
def test_which_folders_are_shards(tmp_path, files, what):
    make(tmp_path, *files)
    assert is_shards(str(tmp_path)) is what
    if not what:
        with pytest.raises(DataError, match=r"is a folder without shards or with subfolders"):
            find_shards(str(tmp_path))


def test_a_shard_that_changes_or_vanishes(tmp_path):
    make(tmp_path, "a.csv")
    (shard,) = find_shards(str(tmp_path))
    assert shard.bytes == 15
    check_unchanged(shard)
    os.utime(shard.url, ns=(0, 1))
    with pytest.raises(DataError, match=r"a\.csv: has changed since it was listed: it had 15 by"):
        check_unchanged(shard)
    os.unlink(shard.url)
    with pytest.raises(DataError, match=r"a\.csv: has vanished since it was listed"):
        check_unchanged(shard)


@pytest.mark.parametrize("cut", [0, 3, 20, -1])
@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_files_that_are_cut_off_or_something_else(tmp_path, suffix, cut):
    import bz2
    import gzip
    import lzma

    pa = pytest.importorskip("pyarrow")
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    pack[".zst"] = lambda data: pa.Codec("zstd").compress(data, asbytes=True)
    packed = pack[suffix](os.urandom(5_000))
    path = tmp_path / f"a.csv{suffix}"
    for content in (packed[:cut], b"this is not compressed at all"):
        path.write_bytes(content)
        (shard,) = find_shards(str(path))
        if content == b"" and suffix in (".gz", ".zst"):
            continue  # to these nothing at all is a file of no members
        with pytest.raises(DataError) as caught, open_bytes(shard) as file:
            file.read()
        said = str(caught.value)
        assert said.startswith(f"{path}: is not a whole {suffix} file (") and "\n" not in said


class Stdin:
    def __init__(self, data):
        self.buffer = io.BytesIO(data)


def test_standard_input_is_kept_and_read_twice(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stdin(b'{"text": "a"}\n'))
    assert is_shards("-") and is_shards("csv:-") and not is_shards("xml:-")
    (shard,), (again,) = find_shards("-"), find_shards("-")
    assert shard == again and shard.name == "standard input" and shard.bytes == 14
    check_unchanged(shard)
    with open_bytes(shard) as file:
        assert file.read() == b'{"text": "a"}\n'
    monkeypatch.setattr(sys, "stdin", Stdin(b'{"text": "b"}\n'))
    (other,) = find_shards("jsonl:-")
    assert other.url != shard.url and other.version != shard.version
    for one in (shard, other):
        _stdin._remove(one.url)


def test_standard_input_leaves_nothing_behind(tmp_path):
    code = (
        "import os; from bothways.data import find_shards, read\n"
        "rows = read('tsv:-'); print(rows.place(1), os.path.exists(find_shards('tsv:-')[0].url))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="text\tlabel\na\tx\nb\ty\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.stdout == "standard input, line 3 True\n"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full(monkeypatch):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    full = (os.open("/dev/full", os.O_WRONLY), "/nowhere/full.csv")
    monkeypatch.setattr(_stdin.tempfile, "mkstemp", lambda **_: full)
    monkeypatch.setattr(sys, "stdin", Stdin(b"text,label\n" * 100_000))
    with pytest.raises(DataError, match=r"standard input: cannot be kept in .*No space left"):
        find_shards("csv:-")
