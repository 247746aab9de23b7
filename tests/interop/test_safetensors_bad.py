"""Files of weights that lie, are damaged or are something else."""

from __future__ import annotations

import json
import os
import pickle
import re
import zipfile
from itertools import product

import numpy as np
import pytest
import torch
from networks import KINDS, made
from safetensors.numpy import save
from torch_program import WORDS, Net

import bothways
from bothways import artifact, interop
from bothways.errors import ArgumentError, ArtifactError, BothwaysError
from bothways.interop import _safetensors
from bothways.interop._torch_read import Options, read_torch


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(1)
    return {name: tensor.numpy() for name, tensor in Net(2).state_dict().items()}


@pytest.fixture
def refused(tmp_path):
    """The one sentence with which a file is refused, and that nothing else changed."""
    (tmp_path / "words.txt").write_text("\n".join(WORDS))

    def refuse(data, *, lines=None, kind=ArtifactError, **options):
        path = tmp_path / "m.safetensors"
        path.write_bytes(save(data) if isinstance(data, dict) else data)
        if lines is not None:
            (tmp_path / "words.txt").write_text("\n".join(lines))
        before = sorted(os.listdir(tmp_path))
        given = {"vocabulary": tmp_path / "words.txt", "pooling": "last", **options}
        with pytest.raises(kind) as caught:
            interop.import_torch(path, tmp_path / "out", **given)
        assert sorted(os.listdir(tmp_path)) == before
        sentence = str(caught.value)
        assert "\n" not in sentence and len(sentence) < 600
        assert kind is ArgumentError or sentence.startswith(str(path))
        return sentence

    return refuse


def changed(state, **changes):
    """The state with tensors replaced, or without those that are None."""
    names = {name.replace("__", "."): value for name, value in changes.items()}
    return {k: v for k, v in {**state, **names}.items() if v is not None}


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"norm__weight": zeros(14)}, "also holds 'norm.weight'"),
        ({"other__weight": zeros(28, 5)}, "'other.weight', 'words.weight' could each be it"),
        (
            {"other__weight": zeros(2, 14), "other__bias": zeros(2)},
            "'head.weight', 'other.weight' could each be it",
        ),
        ({"words__weight": None}, "one nn.Embedding of 5 numbers a token, .* but nothing is"),
        ({"head__weight": None}, "one nn.Linear that reads 7 or 14 numbers, .* but nothing is"),
        ({"head__weight": zeros(3, 28)}, "one nn.Linear that reads 7 or 14"),
        ({"head__bias": zeros(4)}, r"dense\.bias has shape \(4,\), expected \(3,\)"),
        ({"second__weight_ih_l0": zeros(28, 5)}, "it holds 2 recurrent modules"),
        ({"reader__weight_hr_l0": zeros(5, 7)}, "proj_size"),
        ({"reader__weight_hh_l1": None}, "lacks weight_hh_l1"),
        ({"reader__weight_hh_l01": zeros(28, 7)}, "also holds 'reader.weight_hh_l01'"),
        ({"reader__weight_hh_l1_reverse": None}, "lacks weight_hh_l1_reverse"),
        ({"reader__weight_ih_l900": zeros(28, 5)}, "lacks weight_ih_l2"),
        ({"reader__weight_ih_l1": zeros(28, 13)}, r"weight_ih_l1 has shape \(28, 13\), exp"),
        ({"reader__weight_hh_l0": zeros(28, 6)}, r"weight_ih_l0 has 28 rows, expected 24"),
        ({"reader__weight_ih_l0": zeros(21, 5), "reader__weight_hh_l0": zeros(21, 7)}, "nn.GRU"),
        ({"reader__weight_ih_l0": zeros(7, 5), "reader__weight_hh_l0": zeros(7, 7)}, "nn.RNN"),
        ({"reader__weight_hh_l0": zeros(28)}, "expected two axes"),
        ({"reader__bias_ih_l0": zeros(3)}, r"bias_ih_l0 has shape \(3,\)"),
        ({"head__bias": np.full(3, np.nan, np.float32)}, "'head.bias' holds NaN or infinity"),
        ({"words__weight": np.full((28, 5), np.inf, np.float32)}, "NaN or infinity"),
        ({"head__bias": np.full(3, 1e300)}, "'head.bias' holds NaN or infinity"),
        ({"head__bias": zeros(3, dtype=np.int64)}, "'head.bias' holds I64, expected F32, F16"),
    ],
)
def test_tensors_that_do_not_fit(state, refused, changes, part):

    assert re.search(part, refused(changed(state, **changes)))


def test_no_lstm_at_all(refused):
    assert "holds no nn.LSTM" in refused({"a\nb": zeros(2)})
    assert "holds no nn.LSTM" in refused({})


def test_what_contradicts_the_file(state, refused, tmp_path):
    one = {name: tensor.numpy() for name, tensor in Net(1, merge="sum").state_dict().items()}
    assert "--merge sum, ave or mul" in refused(one)
    assert "--merge sum, ave or mul" in refused(one, merge="concat")
    assert "--merge sum contradicts" in refused(state, kind=ArgumentError, merge="sum")
    assert "--pooling: last (h_n), mean" in refused(state, pooling=None)
    assert "network.pooling is 'first'" in refused(state, pooling="first")
    assert "--length" in refused(state, as_trained=True)
    assert "length must be" in refused(state, kind=ArgumentError, length=0)
    assert "got 2 labels, expected 3" in refused(state, kind=ArgumentError, labels=["a", "b"])
    assert "27 tokens, and the embedding 28 rows" in refused(state, lines=["<unk>", *WORDS])
    assert "no line of it is [UNK]" in refused(state, lines=[*WORDS, "1", "2"])
    twice = ["[UNK]", *WORDS, "<unk>"]
    assert "lines 1 and 28, '[UNK]' and '<unk>', mean the same" in refused(state, lines=twice)
    unpadded = ["[UNK]", *WORDS, "1"]
    assert "no line for padding" in refused(state, lines=unpadded, as_trained=True, length=9)
    assert "no string twice" in refused(state, lines=[*WORDS[:-1], "a"])


def test_what_is_no_safetensors_file(refused, tmp_path, monkeypatch):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    with zipfile.ZipFile(tmp_path / "m.zip", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Harm()))
    said = [pickle.dumps(Harm(), protocol=n) for n in (2, 3, 4, 5)]
    for data in (*said, (tmp_path / "m.zip").read_bytes()):
        assert "safetensors.torch.save_file(model.state_dict()" in refused(data)
    assert not (tmp_path / "harm").exists()
    for data in (b"", b"1234567", b"\xff" * 100, (10**12).to_bytes(8, "little") + b"{}"):
        assert "not a whole safetensors file" in refused(data)
    monkeypatch.setattr(_safetensors, "_LARGEST", 50)
    assert "it has 100 bytes, expected at most 50" in refused(b"\xff" * 100)


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path / "pipe", tmp_path):
        with pytest.raises(ArtifactError, match=r"cannot be opened|not a file"):
            interop.import_torch(path, tmp_path / "out", pooling="last")
    assert not (tmp_path / "out").exists()


def exported(tmp_path):
    spec, tensors = made(KINDS[3], temperature=2.0)
    artifact.save(tmp_path / "m", spec, tensors, "card")
    interop.export(tmp_path / "m", tmp_path / "m.safetensors", to="torch")
    return (tmp_path / "m.safetensors").read_bytes()


def with_spec(data, change):
    """An exported file whose spec was changed, with a new checksum as a hostile writer would."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    spec = json.loads(header["__metadata__"]["bothways"])
    change(spec)
    from hashlib import sha256

    body = '",' + json.dumps(spec | {"sha256": None})[1:].replace('"sha256": null, ', "", 1)
    header["__metadata__"]["bothways"] = '{"sha256": "' + sha256(body.encode()).hexdigest() + body
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + data[8 + size :]


@pytest.mark.parametrize(
    "change, part",
    [
        (lambda s: s.update(format_version=99), "format version 99"),
        (lambda s: s.update(training={}), "not as a training leaves them"),
        (lambda s: s.update(training={"imported": 3}), "not as a training leaves them"),
        (lambda s: s.update(quality={"accuracy": "x"}), "not as a training leaves them"),
        (lambda s: s["network"].update(hidden_size=65_536), "has shape"),
        (lambda s: s["network"].update(layers=3), "is missing"),
        (lambda s: s["vectorizer"].update(vocabulary=["", "[UNK]"]), "has shape"),
        (lambda s: s.update(temperature=-1), "temperature is -1"),
        (lambda s: s.pop("labels"), "labels is missing"),
    ],
)
def test_a_spec_that_lies(refused, tmp_path, change, part):
    data = with_spec(exported(tmp_path), change)
    assert part in refused(data, vocabulary=None, pooling=None)


def test_a_spec_of_a_hostile_writer_is_read_where_it_is_true(tmp_path):
    data = with_spec(exported(tmp_path), lambda s: s.update(temperature=3.0))
    (tmp_path / "n.safetensors").write_bytes(data)
    interop.import_torch(tmp_path / "n.safetensors", tmp_path / "n")
    assert bothways.load(tmp_path / "n").spec.temperature == 3


def mutant(data, rng):
    """A few bytes changed, cut off, doubled or moved, most often in the header."""
    data = bytearray(data)
    size = int.from_bytes(data[:8], "little")
    for _ in range(int(rng.integers(1, 4))):
        end = 8 + size if rng.random() < 0.7 else len(data)
        at, other = (int(n) for n in rng.integers(0, max(1, min(end, len(data))), 2))
        kind = rng.integers(0, 6)
        if kind == 0:
            data[at : at + 1] = bytes([int(rng.integers(0, 256))])
        elif kind == 1:
            del data[at : at + int(rng.integers(1, 9))]
        elif kind == 2:
            data[at:at] = data[other : other + int(rng.integers(1, 40))]
        elif kind == 3:
            data[at : at + 1] = b'0123456789[]{},:"-eF'[at % 20 : at % 20 + 1]
        elif kind == 4:
            del data[int(rng.integers(0, len(data) + 1)) :]
        else:
            data[:8] = (size + int(rng.integers(-9, 10))).to_bytes(8, "little")
    return bytes(data)


@pytest.mark.parametrize("own, seed", [*product([True, False], [0, 1])])
def test_mutants(state, tmp_path, own, seed):
    """Five hundred each are read or refused in a sentence; some are imported whole."""
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    whole = exported(tmp_path) if own else save(state)
    options = {} if own else {"vocabulary": tmp_path / "words.txt", "pooling": "max"}
    path, rng = tmp_path / "x.safetensors", np.random.default_rng(seed)
    read = 0
    for n in range(500):
        path.write_bytes(mutant(whole, rng))
        before = sorted(os.listdir(tmp_path))
        try:
            if n % 20:
                found = read_torch(path, Options(**options))
                found.answer(bothways.Ragged.from_list([[2, 3], [], [1]]))
            else:
                interop.import_torch(path, tmp_path / "out", overwrite=True, **options)
                before = sorted({*before, "out"})
            read += 1
        except BothwaysError as error:
            assert "\n" not in str(error)
        assert sorted(os.listdir(tmp_path)) == before
    assert 5 < read < 250


@pytest.mark.parametrize("begin", [b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"])
def test_a_header_whose_length_looks_like_a_pickle(tmp_path, begin):
    """The first bytes of a safetensors file are a number, which may be those of a pickle."""
    one = np.ones(1, np.float32)
    files = (save({"m" * n: one}) for n in range(1, 2_000))
    path = tmp_path / "m.safetensors"
    path.write_bytes(next(data for data in files if data.startswith(begin)))
    assert list(_safetensors.read_safetensors(path).tensors.values()) == [one]
