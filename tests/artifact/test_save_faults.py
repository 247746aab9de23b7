"""Whatever happens to a writer, a whole model can be read afterwards."""

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from bothways.artifact import _rename, load, save
from bothways.artifact._atomic import _prefix
from bothways.errors import ArtifactError

# Saves for ever, each time other numbers; says so once it has begun.
WRITER = """
import dataclasses, errno, sys
from bothways.artifact import _rename, load, save
if sys.argv[2] == "aside":
    def unsupported(first, second):
        raise OSError(errno.ENOSYS, "not here")
    _rename._renameat2 = unsupported
spec, tensors = load(sys.argv[1])
print("begun", flush=True)
while True:
    tensors = {name: array + 1 for name, array in tensors.items()}
    save(sys.argv[1], spec, tensors, "card", overwrite=True, extras={"history.jsonl": b"x"})
"""


def start(script: str, *arguments: str, **options) -> subprocess.Popen:
    source = Path(save.__code__.co_filename).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def version(path) -> float:
    """Which save is at `path`: all tensors of a whole model are equally far on."""
    _, tensors = load(path)
    numbers = {float(array.flat[0]) - n for n, array in enumerate(tensors.values())}
    assert len(numbers) == 1
    return numbers.pop()


@pytest.fixture(params=["exchange", "aside"])
def way(request, monkeypatch) -> str:
    """Both ways of replacing a folder: by renameat2, and where that is not supported."""
    if request.param == "aside":

        def unsupported(first, second):
            raise OSError(errno.ENOSYS, "not here")

        monkeypatch.setattr(_rename, "_renameat2", unsupported)
    return request.param


def test_a_writer_that_is_killed(tmp_path, spec, make_tensors, way):
    path = tmp_path / "model"
    save(path, spec, make_tensors(spec, 0), "card")
    rng = random.Random(3)
    last = 0.0
    for _ in range(12):
        writer = start(WRITER, str(path), way)
        try:
            assert writer.stdout.readline() == "begun\n"
            time.sleep(rng.random() * 0.04)
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        now = version(path)
        assert now >= last
        last = now
    assert last > 0
    save(path, spec, make_tensors(spec, 0), "card", overwrite=True)
    assert os.listdir(tmp_path) == ["model"]


def test_a_writer_killed_between_two_renames(tmp_path, spec, tensors, make_tensors):
    path = tmp_path / "model"
    save(path, spec, tensors, "card")
    path.rename(tmp_path / f"{_prefix(str(path))}0123abcd.old")
    assert version(path) == 0
    with pytest.raises(ArtifactError, match="holds a model already"):
        save(path, spec, tensors, "card")
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("exists", [True, False])
def test_every_call_fails_once(tmp_path, monkeypatch, spec, make_tensors, way, exists, error):
    """The n-th write, flush or rename fails, for n = 1, 2, 3, ... until none is left."""
    path = tmp_path / "model"
    if exists:
        save(path, spec, make_tensors(spec, 1), "old")
    countdown = [0]

    def failing(function):
        def call(*arguments, **options):
            countdown[0] -= 1
            if countdown[0] == 0:
                raise OSError(error, os.strerror(error))
            return function(*arguments, **options)

        return call

    for owner, name in [
        *((os, name) for name in ("write", "fsync", "rename", "mkdir", "open")),
        (_rename, "_renameat2"),
    ]:
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))
    failed = 0
    for n in range(1, 100):
        countdown[0] = n
        try:
            save(path, spec, make_tensors(spec, 2), "new", overwrite=exists, extras={"a": b"1"})
        except ArtifactError as caught:
            failed += 1
            countdown[0] = 0
            assert str(path) in str(caught)
            assert os.listdir(tmp_path) == (["model"] if exists else [])
            if exists:
                assert version(path) == 1
        else:
            # A failure while looking for leftovers is none of the user's business.
            if countdown[0] > 0:
                break
            shutil.rmtree(path) if not exists else save_old(path, spec, make_tensors, countdown)
    assert failed > 10
    countdown[0] = 0
    assert version(path) == 2


def save_old(path, spec, make_tensors, countdown) -> None:
    countdown[0] = 0
    save(path, spec, make_tensors(spec, 1), "old", overwrite=True)


def test_a_full_disk(tmp_path, spec, make_spec, make_tensors):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        save(disk / "model", spec, make_tensors(spec, 1), "old")
        big = make_spec(hidden_size=300)
        with pytest.raises(ArtifactError, match=r"model: the model could not be written .No space"):
            save(disk / "model", big, make_tensors(big), "new", overwrite=True)
        with pytest.raises(ArtifactError, match="is where a disk is mounted"):
            save(disk, spec, make_tensors(spec), "new")
        assert os.listdir(disk) == ["model"]
        assert version(disk / "model") == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_limit_on_file_size(tmp_path, spec, tensors, make_spec, make_tensors, monkeypatch):
    """Like a full disk, without needing one: the write stops in the middle of the file."""
    path = tmp_path / "model"
    save(path, spec, tensors, "old")
    big = make_spec(hidden_size=300)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(ArtifactError, match=r"could not be written .File too large"):
            save(path, big, make_tensors(big), "new", overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path) == ["model"]
    assert load(path)[0] == spec


def test_a_living_writer_keeps_its_folder(tmp_path, monkeypatch, spec, tensors):
    """While one save is under way, another to the same place must not sweep it."""
    path = tmp_path / "model"
    fsync, others = os.fsync, []

    def interrupted(descriptor):
        if not others:
            others.append(True)
            save(path, spec, tensors, "second")
        return fsync(descriptor)

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(ArtifactError, match="not empty"):
        save(path, spec, tensors, "first")
    assert os.listdir(tmp_path) == ["model"]
    assert (path / "README.md").read_text() == "second"


def test_leftovers_of_the_dead_are_swept_and_others_are_not(tmp_path, spec, tensors):
    path = tmp_path / "model"
    (tmp_path / f"{_prefix(str(path))}0123abcd").mkdir()
    (tmp_path / f"{_prefix(str(tmp_path / 'other'))}0123abcd").mkdir()
    save(path, spec, tensors, "")
    assert len(os.listdir(tmp_path)) == 2
    assert not (tmp_path / f"{_prefix(str(path))}0123abcd").exists()


def test_readers_beside_a_writer(tmp_path, spec, make_tensors, way):
    """A reader sees one save or another, whole, while the folder is replaced under it."""
    path = tmp_path / "model"
    save(path, spec, make_tensors(spec, 0), "")
    stop = threading.Event()
    seen, wrong = set(), []

    def look():
        while not stop.is_set():
            try:
                seen.add(version(path))
            except Exception as error:
                wrong.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for n in range(1, 60):
            save(path, spec, make_tensors(spec, n), "", overwrite=True)
    finally:
        stop.set()
        reader.join()
    assert wrong == []
    assert len(seen) > 1
    assert np.isfinite(list(seen)).all()
