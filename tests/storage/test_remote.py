"""Files by URL: a store in memory, a server on this machine, and S3 as moto imitates it."""

from __future__ import annotations

import gzip
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bothways.data import read, read_pieces
from bothways.errors import BothwaysError, DataError, MissingExtraError
from bothways.storage import check_unchanged, find_shards, is_shards
from bothways.storage._store import explained

fsspec = pytest.importorskip("fsspec")

FILES = {
    "a.csv.gz": gzip.compress(b"text,label\none,x\ntwo,y\n"),
    "b.csv": b"text,label\nthree,x\n",
    "_SUCCESS": b"",
}
TEXTS = ["one", "two", "three"]


def refused(data, error=DataError):
    with pytest.raises(error) as caught:
        read(data)
    said = str(caught.value)
    assert "\n" not in said and "Traceback" not in said
    return said


@pytest.fixture
def memory():
    store = fsspec.filesystem("memory")
    store.store.clear()
    for name, content in FILES.items():
        store.pipe(f"/in/{name}", content)
    yield store
    store.store.clear()


def test_a_store_in_memory(memory):
    for data in ("memory://in", "memory://in/*", "memory://in/*.csv*", "memory://**/*.csv*"):
        assert is_shards(data)
        rows = read(data)
        assert rows.texts == TEXTS
        assert rows.place(2) == "memory:///in/b.csv, line 2"
    (shard,) = find_shards("memory://in/b.csv")
    assert (shard.name, shard.bytes) == ("memory:///in/b.csv", 19)
    assert [piece.texts for piece in read_pieces(shard)] == [["three"]]


def test_what_is_not_there_or_changes(memory):
    shards = find_shards("memory://in")
    assert refused("memory://in/c.csv") == "memory://in/c.csv: no such file or folder"
    assert refused("memory://out/*") == "memory://out/*: no file matches"
    memory.pipe("/in/_x/y", b"")
    memory.rm("/in/a.csv.gz")
    with pytest.raises(DataError, match=r"a\.csv\.gz: has vanished since it was listed"):
        check_unchanged(shards[0])
    time.sleep(0.01)
    memory.pipe("/in/b.csv", b"text,label\nthree,y\n")
    with pytest.raises(DataError, match=r"b\.csv: has changed since it was listed"):
        list(read_pieces(shards[1]))


def test_parquet_in_a_store(memory):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    with memory.open("/in/p.parquet", "wb") as file:
        pq.write_table(pa.table({"text": ["a", "b"], "label": [1, 0]}), file)
    assert read("memory://in/p.parquet").labels == ["1", "0"]
    memory.pipe("/in/q.parquet", memory.cat("/in/p.parquet")[:-9])
    assert "q.parquet: is not a whole Parquet file" in refused("memory://in/q.parquet")


def test_a_zip_in_a_store(memory):
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        whole.writestr("d/b.csv", "text,label\nb,x\n")
        whole.writestr("d/a.csv", "text,label\na,y\n")
    memory.pipe("/all.zip", file.getvalue())
    rows = read("zip://d/*.csv::memory://all.zip")
    assert rows.texts == ["a", "b"]
    assert rows.place(1) == "zip://d/b.csv::memory://all.zip, line 2"


def test_protocols_that_are_not_there(monkeypatch):
    assert refused("nosuch://a.csv") == "nosuch://a.csv: there is no file system for nosuch://"
    import sys

    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    said = refused("sftp://host/a.csv", MissingExtraError)
    assert said == "reading sftp:// needs paramiko, which is not installed: pip install paramiko"
    monkeypatch.setitem(sys.modules, "fsspec", None)
    said = refused("s3://bucket/a.csv", MissingExtraError)
    assert "fsspec, which is not installed: pip install 'bothways[remote]'" in said


class _Answers(Exception):
    def __init__(self, status):
        super().__init__(f"{status}, url=https://host/a.csv?sig=secret")
        self.status = status


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("Forbidden"), "credentials are missing or refused (Forbidden)"),
        (_Answers(401), "credentials are missing or refused (HTTP 401)"),
        (_Answers(500), "cannot be read (HTTP 500)"),
        (type("NoCredentialsError", (Exception,), {})(), "refused (NoCredentialsError)"),
        (FileNotFoundError("The bucket does not exist"), "no such file or folder"),
        (OSError("reset\nby peer"), "cannot be read (reset)"),
    ],
)
def test_whatever_a_library_raises_is_a_sentence(error, said):
    found = str(explained(error, "https://host/a.csv?sig=secret"))
    assert found.startswith("https://host/a.csv: ") and said in found
    assert "secret" not in found


class Quiet(SimpleHTTPRequestHandler):
    forbidden = False

    def log_message(self, *_):
        pass

    def send_head(self):
        if self.path.startswith("/secret"):
            return self.send_error(403)
        return super().send_head()


@pytest.fixture
def server(tmp_path):
    """The URL of a server that knows no ranges, and the folder that it serves."""
    pytest.importorskip("aiohttp")
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}", tmp_path
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_over_http(server):
    url, folder = server
    assert read(f"{url}/*.csv*").texts == TEXTS
    assert read(f"{url}/").texts == TEXTS
    rows = read(f"{url}/a.csv.gz?token=secret")
    assert rows.place(1) == f"{url}/a.csv.gz, line 3"
    assert refused(f"{url}/c.csv") == f"{url}/c.csv: no such file or folder"
    said = refused(f"{url}/secret/a.csv")
    assert said == (
        f"{url}/secret/a.csv: may not be read: credentials are missing or refused (HTTP 403)"
    )
    (shard,) = find_shards(f"{url}/b.csv")
    check_unchanged(shard)
    (folder / "b.csv").write_bytes(b"text,label\nmore,x\nmore,y\n")
    with pytest.raises(DataError, match=r"b\.csv: has changed"):
        check_unchanged(shard)


def test_parquet_over_http(server):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    url, folder = server
    texts = [f"text {n} " * 300 for n in range(3_000)]  # more than one block of fsspec's
    columns = {"text": texts, "label": [n % 2 for n in range(3_000)]}
    pq.write_table(pa.table(columns), folder / "p.parquet", compression="none")
    assert (folder / "p.parquet").stat().st_size > 6_000_000
    assert read(f"{url}/p.parquet").texts == texts


def test_nobody_answers():
    pytest.importorskip("aiohttp")
    assert "http://127.0.0.1:9/a.csv: cannot be read (" in refused("http://127.0.0.1:9/a.csv")


@pytest.fixture(scope="module")
def s3():
    """A bucket with the files, in moto's server."""
    pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setitem(fsspec.config.conf, "s3", {"endpoint_url": f"http://{host}:{port}"})
        store = fsspec.filesystem("s3")
        store.mkdir("reviews")
        for name, content in FILES.items():
            store.pipe(f"reviews/in/{name}", content)
        yield store
    server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_s3(s3):
    for data in ("s3://reviews/in", "s3://reviews/*/*.csv*"):
        rows = read(data)
        assert rows.texts == TEXTS
        assert rows.place(0) == "s3://reviews/in/a.csv.gz, line 2"
    shards = find_shards("s3://reviews/in")
    check_unchanged(shards[1])
    s3.pipe("reviews/in/b.csv", b"text,label\nthree,y\n")
    with pytest.raises(BothwaysError, match=r"b\.csv: has changed"):
        check_unchanged(shards[1])
    said = refused("s3://no-such-bucket/a.csv")
    assert said.startswith("s3://no-such-bucket/a.csv: no such file or folder")
