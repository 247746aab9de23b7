"""Thousands of damaged Keras files: each is refused in a sentence, or is a model all the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from keras_files import whole_file, zipped

from bothways.errors import BothwaysError
from bothways.interop import _hdf5_child, _keras_read
from bothways.interop._hdf5 import Arrays
from bothways.runtime import Model

WORDS = [f"w{n}" for n in range(9)]
ODD = (None, True, -1, 0, 1, 2**62, 1e300, "", "x", "softmax", [], [None], [0, 0, 0], {}, {"a": 1})


@pytest.fixture
def outcome(tmp_path, monkeypatch):
    """`refused` or `read` for a file of these bytes; nothing is left or changed by it."""
    members = whole_file(WORDS)
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    known = members["model.weights.h5"]
    arrays = Arrays(_hdf5_child.arrays_of(known))

    def same(data):
        assert data == known  # what is damaged fails its checksum before
        return arrays

    monkeypatch.setattr(_keras_read, "read_arrays", same)
    options = _keras_read.Options(vocabulary=tmp_path / "words.txt")
    path = tmp_path / "m.keras"

    def outcome(data):
        path.write_bytes(data)
        try:
            found = _keras_read.read_keras(path, options)
            Model(found.spec, found.tensors)
        except BothwaysError as error:
            assert str(error) and "\n" not in str(error)
            return "refused"
        finally:
            assert sorted(p.name for p in tmp_path.iterdir()) == ["m.keras", "words.txt"]
        return "read"

    return members, outcome


def damaged(data, rng):
    """The bytes with a few of them changed or copied from elsewhere, or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        place, size = rng.randrange(len(changed)), rng.choice([1, 1, 2, 4, 8])
        other = rng.randrange(len(changed))
        new = rng.choice(
            [
                bytes([changed[place] ^ 1 << rng.randrange(8)]),
                rng.randbytes(size),
                rng.choice([b"\0", b"\xff"]) * size,
                bytes(changed[other : other + size]),
            ]
        )
        changed[place : place + len(new)] = new
    if rng.random() < 0.05:
        del changed[rng.randrange(1, len(changed)) :]
    return bytes(changed)


def test_archives(outcome):
    members, outcome = outcome
    whole, rng = zipped(members), random.Random(1)
    outcomes = [outcome(damaged(whole, rng)) for _ in range(1_500)]
    assert 1_100 < outcomes.count("refused") < 1_500


def test_configs_with_right_checksums(outcome):
    members, outcome = outcome
    rng = random.Random(2)
    for _ in range(1_000):
        config = damaged(members["config.json"], rng)
        outcome(zipped({**members, "config.json": config}))


def places(value, path=()):
    """The path of every value in a document."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def test_configs_that_are_json_and_mean_something_else(outcome):
    members, outcome = outcome
    document = json.loads(members["config.json"])
    rng, outcomes = random.Random(3), []
    everywhere = [path for path in places(document) if path]
    for _ in range(1_500):
        changed = json.loads(members["config.json"])
        *above, last = rng.choice(everywhere)
        parent = changed
        for key in above:
            parent = parent[key]
        if rng.random() < 0.2:
            del parent[last]
        else:
            parent[last] = rng.choice(ODD)
        config = json.dumps(changed).encode()
        outcomes.append(outcome(zipped({**members, "config.json": config})))
    assert 500 < outcomes.count("refused") < 1_500


PROGRAM = """
import os, random, resource, runpy, sys
sys.path.insert(0, sys.argv[1])
import h5py
child = runpy.run_path(sys.argv[2])
from test_keras_mutants import damaged
data, rng = open(sys.argv[3], "rb").read(), random.Random(4)
for _ in range(int(sys.argv[4])):
    changed = damaged(data, rng)
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
        try:
            child["arrays_of"](changed)
        except Exception:
            os._exit(3)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""


def test_weights_with_right_checksums(tmp_path):
    """The reader ends with arrays, a refusal or its limits; none of these is this process."""
    (tmp_path / "m.h5").write_bytes(whole_file(WORDS)["model.weights.h5"])
    from bothways.interop import _hdf5

    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", PROGRAM, here, str(_hdf5._CHILD), str(tmp_path / "m.h5")]
    done = subprocess.run([*command, "200"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes = [int(line) for line in done.stdout.split()]
    assert len(codes) == 200 and {0, 3} <= set(codes)
    assert sum(code not in (0, 3) for code in codes) <= 2  # stopped, as the library loops
