"""No changed byte is loaded silently, and nothing but `ArtifactError` comes out."""

import json
import os
import random
import re
import struct
import time
from hashlib import sha256

import numpy as np
import pytest
import safetensors.numpy

from bothways.artifact import load, save
from bothways.errors import ArtifactError

SPEC, WEIGHTS = "spec.json", "model.safetensors"


@pytest.fixture
def model(tmp_path, spec, tensors):
    save(tmp_path / "model", spec, tensors, "card")
    return tmp_path / "model"


def refused(model) -> str:
    with pytest.raises(ArtifactError) as caught:
        load(model)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def seal(model, document: dict) -> None:
    """Write `document` as a spec.json with a right checksum, as a careful attacker would."""
    document.pop("sha256", None)
    body = b'",' + json.dumps(document).removeprefix("{").encode()
    (model / SPEC).write_bytes(b'{"sha256": "' + sha256(body).hexdigest().encode() + body)


def seal_weights(model, data: bytes) -> None:
    """Write `data` as the weights, with the right checksum in spec.json."""
    (model / WEIGHTS).write_bytes(data)
    document = json.loads((model / SPEC).read_bytes())
    document["weights"] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    seal(model, document)


@pytest.mark.parametrize("name", [SPEC, WEIGHTS])
def test_mutants(model, name):
    """Truncated, flipped, zeroed and appended bytes: 1,500 mutants a file, none is loaded."""
    path = model / name
    whole = path.read_bytes()
    rng = random.Random(7)
    mutants = [whole[: len(whole) * part // 64] for part in range(64)]
    mutants += [whole[:-1], whole + b"\0", whole + b"\n", whole + b" ", whole + whole]
    for _ in range(1_300):
        at = rng.randrange(len(whole))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.randrange(8)
        mutants.append(bytes(flipped))
    for _ in range(150):
        start = rng.randrange(len(whole))
        zeroed = bytearray(whole)
        zeroed[start : start + 16] = b"\xff" * len(zeroed[start : start + 16])
        mutants.append(bytes(zeroed))
    for mutant in mutants:
        if mutant != whole:
            path.write_bytes(mutant)
            assert name in refused(model)
    path.write_bytes(whole)
    load(model)


def test_the_digest_covers_its_own_line(model):
    text = (model / SPEC).read_bytes()
    for change in [
        (b'{"sha256"', b'{ "sha256"'),
        (text[12:76], text[12:76].upper()),
        (b'{"sha256": "', b'{"sha256" :"'),
    ]:
        (model / SPEC).write_bytes(text.replace(*change))
        assert "spec.json: its bytes do not match its checksum" in refused(model)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", "it is not JSON"),
        (b"[]", "it holds a list, expected an object"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "more than 64 bits"),
        (b'{"a": -9223372036854775809}', "more than 64 bits"),
        (b'{"a": 1e999}', "it holds 1e999"),
        (b'{"a": NaN}', "it holds NaN, which is not JSON"),
        (b'{"a": 1, "a": 1}', "the key 'a' is there twice"),
        (b'{"format_version": 4}', "format version 4, this program reads up to 3; upgrade"),
        (b'{"format_version": 1}', "do not match its checksum"),
    ],
)
def test_hostile_json_is_refused_at_once(model, content, expected):
    (model / SPEC).write_bytes(content)
    started = time.perf_counter()
    assert expected in refused(model)
    assert time.perf_counter() - started < 1


def test_a_spec_that_is_too_large_is_not_read(model):
    with (model / SPEC).open("wb") as file:
        file.truncate(2**40)  # a sparse file: no disk is used
    assert "it has 1,099,511,627,776 bytes, expected at most 67,108,864" in refused(model)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d.update(more=1), "more is unknown, expected task, labels"),
        (lambda d: d["network"].update(run="x"), "network.run is unknown"),
        (lambda d: d["network"].pop("mask"), "network.mask is missing"),
        (lambda d: d.pop("labels"), "labels is missing"),
        (lambda d: d.pop("extras"), "extras is None"),
        (lambda d: d.pop("vectorizer"), "vectorizer is None, expected an object"),
        (lambda d: d.update(network=[]), "network is .., expected an object"),
        (lambda d: d.update(weights={"bytes": 1}), "weights.sha256 is missing"),
        (lambda d: d["weights"].update(bytes=-1), "weights.bytes is -1"),
        (lambda d: d["weights"].update(bytes=2**62), "the spec says 4611686018427387904 bytes"),
        (lambda d: d["weights"].update(sha256="0" * 64), "do not match the checksum"),
        (
            lambda d: d["network"].update(hidden_size=3),
            r"lstm.kernel has shape \(3, 16\), expected \(3, 24\)",
        ),
        (lambda d: d["network"].update(hidden_size=2**40), "network.hidden_size is 1099511627776"),
        (lambda d: d.update(format_version="1"), "format_version is '1'"),
        (lambda d: d.update(format_version=0), "format_version is 0"),
        (lambda d: d.pop("format_version"), "format_version is None"),
        (lambda d: d["network"].update(layers=1), "network.layers is unknown"),
        (lambda d: d.update(format_version=2), "network.layers is missing"),
        (lambda d: d.update(labels=["a", "\ud800"]), "labels.1. .* surrogate"),
    ],
)
def test_a_sealed_spec_is_still_checked(model, change, expected):
    document = json.loads((model / SPEC).read_bytes())
    change(document)
    seal(model, document)
    message = refused(model)
    assert message.startswith(str(model))
    assert re.search(expected, message)


def header(text: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + data


F32 = b'{"a":{"dtype":"F32","shape":[%s],"data_offsets":[%s]}}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        struct.pack("<Q", 2**31) + b"{}",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<q", -1) + b"{}",
        header(b"\xff\xfe"),
        header(b"{"),
        header(b"[" * 60_000),
        header(b'{"a":' + b"9" * 5_000 + b"}"),
        header(F32 % (b"18446744073709551615,9", b"0,4"), b"0000"),
        header(F32 % (b"-1", b"0,4"), b"0000"),
        header(F32 % (b"2", b"0,8"), b"0000"),
        header(F32 % (b"1", b"4,8"), b"00000000"),
        header(F32.replace(b"F32", b"F8_E4M3") % (b"4", b"0,4"), b"0000"),
        header(F32.replace(b"F32", b"F999") % (b"1", b"0,4"), b"0000"),
        header(F32 % (b"1", b"0,4"), b"0000"),
        header(b"{}"),
        b"\x80\x04cos\nsystem\n",
    ],
)
def test_sealed_weights_are_still_checked(model, data):
    seal_weights(model, data)
    started = time.perf_counter()
    assert WEIGHTS in refused(model)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"dense.bias": np.float32([np.nan])}, "dense.bias holds NaN or infinity"),
        ({"dense.bias": np.float64([0])}, "dense.bias is float64"),
        ({"dense.bias": np.float32([0, 0])}, "dense.bias has shape"),
        ({"more": np.float32([0])}, "the tensor more is unknown"),
    ],
)
def test_sealed_tensors_are_still_checked(model, tensors, change, expected):
    seal_weights(model, safetensors.numpy.save(tensors | change))
    assert expected in refused(model)


def test_things_that_are_not_there(model, tmp_path):
    assert "there is no such model folder" in refused(tmp_path / "none")
    assert "is not a folder" in refused(model / SPEC)
    assert "cannot be opened" in refused("a\0b")
    for name in (WEIGHTS, SPEC):
        (model / name).unlink()
        assert f"{name}: there is no such file" in refused(model)


@pytest.mark.parametrize("name", [SPEC, WEIGHTS])
def test_things_that_are_not_files(model, name):
    (model / name).unlink()
    os.mkfifo(model / name)
    assert f"{name}: it is not a file" in refused(model)
    (model / name).unlink()
    (model / name).symlink_to("/dev/zero")
    assert f"{name}: it is not a file" in refused(model)
    (model / name).unlink()
    (model / name).symlink_to(name)
    assert f"{name}: it cannot be read" in refused(model)
    (model / name).unlink()
    (model / name).mkdir()
    assert f"{name}: it is not a file" in refused(model)


def test_a_pipe_for_a_folder_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "model")
    assert "is not a folder" in refused(tmp_path / "model")
