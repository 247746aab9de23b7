"""Keras files that are damaged, made to harm, or hold what is not understood."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from keras_files import whole_file, zipped

from bothways import interop
from bothways.errors import ArtifactError, BothwaysError
from bothways.interop import _hdf5

WORDS = [f"w{n}" for n in range(9)]


@pytest.fixture(scope="module")
def good():
    return whole_file(WORDS)


@pytest.fixture
def read(tmp_path, good):
    """Import a file of these members, or these bytes; the only thing beside them is the
    vocabulary, and nothing else may be there afterwards."""
    (tmp_path / "words.txt").write_text("\n".join(WORDS))

    def read(members=None, data=None, **changed):
        path = tmp_path / "m.keras"
        path.write_bytes(zipped({**good, **(members or {})}) if data is None else data)
        try:
            interop.import_keras(path, tmp_path / "out", vocabulary=tmp_path / "words.txt")
        except BothwaysError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error), error
            assert sorted(p.name for p in tmp_path.iterdir()) == ["m.keras", "words.txt"]
            raise
        return tmp_path / "out"

    return read


def configured(good, change):
    """The members with another `config.json`."""
    document = json.loads(good["config.json"])
    change(document, {layer["name"]: layer for layer in document["config"]["layers"]})
    return {"config.json": json.dumps(document).encode()}


def test_the_whole_file_is_read(read, good):
    assert read().is_dir()


def test_our_own_layers_are_keras_layers(read, good):
    def change(document, layers):
        layers["layer_0"].update(module="bothways.keras", registered_name="bothways>Bidirectional")
        for part in ("layer", "backward_layer"):
            inner = layers["layer_0"]["config"][part]
            inner.update(module="bothways.keras", registered_name="bothways>LSTM")

    assert read(configured(good, change)).is_dir()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil"])
def test_paths_that_climb_out(read, name):
    with pytest.raises(ArtifactError, match="leads out of the archive"):
        read({name: b"x"})


def test_odd_members(read, good):
    link = zipfile.ZipInfo("config.json.link")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO(zipped(good))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArtifactError, match="is a link"):
        read(data=buffer.getvalue())
    buffer = io.BytesIO(zipped(good))
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", "{}")
    with pytest.raises(ArtifactError, match=r"'config\.json' is there twice"):
        read(data=buffer.getvalue())
    with pytest.raises(ArtifactError, match="1,500 members"):
        read({f"m{n}": b"" for n in range(1_497)})


def test_a_bomb_is_not_inflated(read, good):
    bomb = zipped({**good, "model.weights.h5": bytes(300 * 2**20)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**20
    with pytest.raises(ArtifactError, match=r"would have 314,572,800 bytes, expected at most"):
        read(data=bomb)
    # A size that is stated too small, in both places where it stands.
    size = struct.pack("<I", len(good["config.json"]))
    lying = zipped(good, zipfile.ZIP_DEFLATED).replace(size, struct.pack("<I", 50))
    with pytest.raises(ArtifactError, match=r"config\.json is not whole"):
        read(data=lying)


def test_compressed_members_are_read(read, good):
    assert read(data=zipped(good, zipfile.ZIP_DEFLATED)).is_dir()


def test_no_zip_file(read, tmp_path):
    for data in (b"", b"PK", b"\x80\x04\x95pickle."):
        with pytest.raises(ArtifactError, match="not a whole zip file"):
            read(data=data)
    with pytest.raises(ArtifactError, match=r"HDF5 file, of an older Keras .* expected a \.keras"):
        read(data=b"\x89HDF\r\n\x1a\n" + bytes(99))
    os.mkfifo(tmp_path / "pipe.keras")
    for path, part in (("pipe.keras", "not a file"), (".", "not a file"), ("no", "cannot be op")):
        with pytest.raises(ArtifactError, match=part):
            interop.import_keras(tmp_path / path, tmp_path / "out")


def test_missing_members(good, read):
    for name in good:
        with pytest.raises(ArtifactError, match=f"it has no member {name}"):
            read(data=zipped({k: v for k, v in good.items() if k != name}))


@pytest.mark.parametrize(
    "metadata, part",
    [
        (b'{"keras_version": "2.15.0"}', r"written by Keras 2\.15\.0, expected version 3"),
        (b'{"keras_version": "4.0.0"}', r"written by Keras 4\.0\.0"),
        (b"{}", "written by Keras None"),
        (b"[]", "holds a list"),
        (b"\xff", "not UTF-8"),
        (b"{" * 9_000, "not JSON|nested too deep"),
        (b'{"a": NaN}', "NaN"),
    ],
)
def test_versions_and_bad_json(read, metadata, part):
    with pytest.raises(ArtifactError, match=part):
        read({"metadata.json": metadata})


def _set(layer, /, **options):
    return lambda document, layers: layers[layer]["config"].update(options)


def _kind(layer, /, **names):
    return lambda document, layers: layers[layer].update(names)


def _inner(part, /, **options):
    return lambda document, layers: layers["layer_0"]["config"][part]["config"].update(options)


@pytest.mark.parametrize(
    "change, part",
    [
        (_set("dense", activation="relu"), "'dense', Dense, has activation='relu'"),
        (_set("dense", activation={"class_name": "function"}), "activation={'class_name'"),
        (_set("dense", units=0), "units=0, expected a whole number from 1"),
        (_set("dense", units=True), "units=True"),
        (_set("dense", quantization_config={"a": 1}), "quantization_config"),
        (_set("dense", dtype="mixed_float16"), "computes in 'mixed_float16', expected float32"),
        (_set("dense", dtype={"class_name": "DTypePolicy", "config": {"name": "bfloat16"}}),
         "computes in 'bfloat16'"),
        (_set("embedding", mask_zero=1), "mask_zero=1"),
        (_set("embedding", surprise=3), "the option surprise=3, which is not understood"),
        (_set("embedding", input_dim=5), "has 5 rows, too few for a vocabulary of 11 tokens"),
        (_set("layer_0", merge_mode=None), "merge_mode=None"),
        (_set("layer_0", layer=None), "its layer has no class and options"),
        (_inner("layer", recurrent_activation="hard_sigmoid"), "recurrent_activation='hard_sigm"),
        (_inner("layer", stateful=True), "stateful=True"),
        (_inner("backward_layer", return_state=True), "its backward_layer.* return_state=True"),
        (_inner("backward_layer", units=4), "units=3 forward and 4 backward"),
        (_inner("backward_layer", go_backwards=False), "or a backward one that does not"),
        (_inner("layer", return_sequences=True), "return_sequences=True forward and False"),
        (_kind("dense", class_name="Lambda"), "'dense' is a Lambda, which is not understood"),
        (_kind("dense", class_name="Conv1D"), "is a Conv1D"),
        (_kind("dense", module="my.own"), "is 'Dense', 'my.own', which is not Keras's own"),
        (_kind("dense", registered_name="my>Dense"), "'my>Dense', which is not Keras's own"),
        (_kind("embedding", class_name="GlobalMaxPooling1D"), "option input_dim=11"),
        (_kind("layer_0", inbound_nodes=[{}, {}]), "used in several places"),
        (_kind("layer_0", inbound_nodes=[{"args": 3}]), "does not state what it reads"),
        (_kind("layer_0", inbound_nodes=[]), "expected an Embedding"),
        (lambda d, layers: layers["layer_0"]["inbound_nodes"][0].update(kwargs={"training": True}),
         "is called with training"),
        (lambda d, layers: layers["layer_0"]["inbound_nodes"][0].update(args=["ids"]),
         "reads '', which is not there"),
        (lambda d, layers: d["config"].update(output_layers=["nobody", 0, 0]), "not among its"),
        (lambda d, layers: d["config"].update(input_layers=[["a", 0, 0], ["b", 0, 0]]),
         "has 2 inputs, expected one"),
        (lambda d, layers: d["config"].update(output_layers=["layer_0", 0, 0]), "ends where a De"),
        (lambda d, layers: d["config"].update(layers=[]), "has no layers"),
        (lambda d, layers: d["config"]["layers"].append(7), "no class and options"),
        (lambda d, layers: d["config"]["layers"].reverse(), "which is not there"),
        (lambda d, layers: d.update(class_name="MyModel"), "is 'MyModel', 'Functional', expected"),
        (lambda d, layers: d.update(config=3), "has no layers"),
    ],
)  # fmt: skip
def test_what_is_not_understood(read, good, change, part):
    with pytest.raises(ArtifactError, match=part):
        read(configured(good, change))


def written(good, change):
    """The members with other weights."""
    buffer = io.BytesIO(good["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        change(file)
    return {"model.weights.h5": buffer.getvalue()}


EMBEDDING = "layers/embedding/vars"


def _replaced(value, **options):
    def change(file):
        del file[f"{EMBEDDING}/0"]
        file[EMBEDDING].create_dataset("0", data=value, **options)

    return change


def _linked(link):
    def change(file):
        del file[f"{EMBEDDING}/0"]
        file[f"{EMBEDDING}/0"] = link

    return change


def _elsewhere(file):
    del file[f"{EMBEDDING}/0"]
    external = [("/etc/hostname", 0, 176)]
    file[EMBEDDING].create_dataset("0", (11, 4), "f4", external=external)


def _nested(file):
    file.create_group("/".join(["layers", *"abcdefghijkl"]))


ONES = np.ones((11, 4), np.float32)


@pytest.mark.parametrize(
    "change, part",
    [
        (_replaced(np.ones((11, 5), "f4")), r"shape \(11, 5\), expected \(11, 4\)"),
        (_replaced(np.full((11, 4), np.nan, "f4")), "hold NaN or infinity"),
        (_replaced(np.full((11, 4), 1e300)), "hold NaN or infinity"),
        (_replaced(np.ones((11, 4), "i4")), "are int32, expected floats"),
        (_replaced(np.ones((11, 4), "c8")), "are complex64, expected floats"),
        (_replaced(ONES, chunks=(1, 4), compression="gzip"), "are compressed or elsewhere"),
        (_replaced(ONES, chunks=(1, 4)), "are compressed or elsewhere"),
        (_linked(h5py.SoftLink("/layers/dense/vars/0")), "are a link"),
        (_linked(h5py.ExternalLink("/etc/hostname", "/x")), "are a link"),
        (_elsewhere, "are compressed or elsewhere"),
        (_nested, "nested too deep"),
        (lambda file: file.pop(f"{EMBEDDING}/0"), "hold 0 arrays, expected 1"),
        (lambda file: file[EMBEDDING].create_dataset("1", data=ONES), "hold 2 arrays, expected 1"),
        (lambda file: file.move(f"{EMBEDDING}/0", f"{EMBEDDING}/x"), "vars/0 are missing"),
        (lambda file: file.pop("layers"), "no weights layers"),
        (lambda file: file.__setitem__("layers/x", h5py.Empty("f4")), "elsewhere|cannot be read"),
    ],
)
def test_weights_that_are_not_as_they_should_be(read, good, change, part):
    with pytest.raises(ArtifactError, match=part):
        read(written(good, change))


def test_many_links_to_one_array_take_no_more_memory(read, good):
    def change(file):
        for n in range(999):
            file[f"layers/again/{n}"] = file[f"{EMBEDDING}/0"]

    with pytest.raises(ArtifactError, match="more than the file has bytes"):
        read(written(good, change))


def test_other_float_types_are_read(read, good):
    assert read(written(good, _replaced(ONES.astype("f2")))).is_dir()


def test_a_reader_that_hangs_or_crashes_is_stopped(monkeypatch, tmp_path, good):
    child = tmp_path / "child.py"
    monkeypatch.setattr(_hdf5, "_CHILD", child)
    child.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(ArtifactError, match="the HDF5 library ended with -11"):
        _hdf5.read_arrays(good["model.weights.h5"])
    child.write_text("while True: pass")
    monkeypatch.setattr(_hdf5, "_SECONDS", 0.1)
    with pytest.raises(ArtifactError, match="not be read in time"):
        _hdf5.read_arrays(good["model.weights.h5"])


def test_limits_of_the_reader(good):
    """It ends itself when it takes too much time or memory."""
    loop = good["model.weights.h5"]
    program = (
        "import sys, runpy, resource\n"
        "resource.setrlimit = lambda what, limit, f=resource.setrlimit: "
        "(f(what, limit), print(what, limit, file=sys.stderr))\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    command = [sys.executable, "-c", program, str(_hdf5._CHILD), "7", str(2**30)]
    done = subprocess.run(command, input=loop, capture_output=True)
    assert done.returncode == 0 and b"(7, 7)" in done.stderr, done.stderr
    assert str(2**30).encode() in done.stderr
