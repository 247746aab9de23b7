"""What is saved is what is loaded, and nothing else is overwritten."""

import os
from pathlib import Path

import numpy as np
import pytest

from bothways.artifact import check_writable, load, save
from bothways.errors import ArtifactError

FORMAT_1 = Path(__file__).parent / "format_1"


def equal(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].dtype == second[name].dtype == np.float32
        assert np.array_equal(first[name], second[name])


def refused(*arguments, **options) -> str:
    """What `save` says, and `check_writable` before it."""
    with pytest.raises(ArtifactError) as late:
        save(*arguments, **options)
    with pytest.raises(ArtifactError) as early:
        check_writable(arguments[0], overwrite=options.get("overwrite", False))
    assert "\n" not in str(late.value)
    assert str(early.value) == str(late.value)
    return str(late.value)


def test_round_trip(tmp_path, spec, tensors):
    check_writable(tmp_path / "deep" / "model")
    assert list(tmp_path.iterdir()) == []
    extras = {"history.jsonl": b"{}\n", "curve.png": b"\x89PNG"}
    save(tmp_path / "deep" / "model", spec, tensors, "# Karte\n", extras=extras)
    again, weights = load(str(tmp_path / "deep" / "model"))
    assert again == spec
    equal(weights, tensors)
    assert all(array.flags.writeable and array.flags.c_contiguous for array in weights.values())
    assert (tmp_path / "deep" / "model" / "README.md").read_text("utf-8") == "# Karte\n"
    assert (tmp_path / "deep" / "model" / "curve.png").read_bytes() == b"\x89PNG"
    assert os.listdir(tmp_path / "deep") == ["model"]


def test_the_same_model_is_the_same_bytes(tmp_path, spec, tensors):
    save(tmp_path / "a", spec, tensors, "")
    save(tmp_path / "b", spec, dict(reversed(tensors.items())), "")
    for name in ("spec.json", "model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_tensors_are_saved_by_value_whatever_their_strides(tmp_path, spec, tensors):
    strided = {name: np.asfortranarray(array) for name, array in tensors.items()}
    save(tmp_path / "model", spec, strided, "")
    equal(load(tmp_path / "model")[1], tensors)


def test_a_model_of_format_1_is_still_read(make_spec, make_tensors):
    """`format_1` was written by the first release; never write it again."""
    spec, tensors = load(FORMAT_1)
    assert spec == make_spec()
    assert spec.format_version == 1
    equal(tensors, make_tensors(spec))


def test_a_model_that_format_1_can_hold_is_written_so(tmp_path, spec, tensors):
    """Byte by byte as the first release wrote it: its programs read what they can compute."""
    save(tmp_path / "model", spec, tensors, "")
    for name in ("spec.json", "model.safetensors"):
        assert (tmp_path / "model" / name).read_bytes() == (FORMAT_1 / name).read_bytes()


def test_a_model_with_more_layers_is_refused_by_the_first_release(
    tmp_path, make_spec, make_tensors, monkeypatch
):
    spec = make_spec(layers=2, input_dropout=0.25, layer_dropout=0.5)
    save(tmp_path / "model", spec, make_tensors(spec), "")
    again, weights = load(tmp_path / "model")
    assert again == spec and again.format_version == 2
    equal(weights, make_tensors(spec))
    monkeypatch.setattr("bothways.artifact._document.FORMAT_VERSION", 1)
    with pytest.raises(ArtifactError, match="format version 2, this program reads up to 1"):
        load(tmp_path / "model")


def test_overwriting(tmp_path, spec, make_tensors):
    path = tmp_path / "model"
    path.mkdir()
    save(path, spec, make_tensors(spec, 1), "one", extras={"history.jsonl": b"1"})
    message = refused(path, spec, make_tensors(spec, 2), "two")
    assert "holds a model already; overwrite=True" in message
    equal(load(path)[1], make_tensors(spec, 1))
    (path / "model.safetensors").write_bytes(b"damaged")
    save(path, spec, make_tensors(spec, 2), "two", overwrite=True)
    equal(load(path)[1], make_tensors(spec, 2))
    assert sorted(os.listdir(path)) == ["README.md", "model.safetensors", "spec.json"]
    assert os.listdir(tmp_path) == ["model"]


def test_an_open_model_survives_its_folder(tmp_path, spec, tensors, make_tensors):
    save(tmp_path / "model", spec, tensors, "")
    _, open_weights = load(tmp_path / "model")
    save(tmp_path / "model", spec, make_tensors(spec, 9), "", overwrite=True)
    equal(open_weights, tensors)


def test_what_is_not_a_model_stays(tmp_path, spec, tensors):
    file = tmp_path / "thesis.docx"
    file.write_text("years of work")
    assert "thesis.docx: is not a folder" in refused(file, spec, tensors, "", overwrite=True)
    message = refused(tmp_path, spec, tensors, "", overwrite=True)
    assert "holds 'thesis.docx' and is no model" in message
    (tmp_path / "spec.json").write_text("{}")
    message = refused(tmp_path, spec, tensors, "", overwrite=True)
    assert "is not replaced, because spec.json is not that of a model" in message
    assert sorted(os.listdir(tmp_path)) == ["spec.json", "thesis.docx"]


def test_a_note_in_the_model_folder_stays(tmp_path, spec, tensors):
    save(tmp_path / "model", spec, tensors, "")
    (tmp_path / "model" / "notes.txt").write_text("mine")
    message = refused(tmp_path / "model", spec, tensors, "", overwrite=True)
    assert "is not replaced, because it also holds 'notes.txt'" in message
    assert (tmp_path / "model" / "notes.txt").read_text() == "mine"


def test_places_that_cannot_be_written(tmp_path, spec, tensors):
    (tmp_path / "file").write_text("")
    for place in ["/proc/model", "/proc/deep/model", tmp_path / "file" / "model"]:
        with pytest.raises(ArtifactError) as caught:
            save(place, spec, tensors, "")
        assert str(place) in str(caught.value)
        with pytest.raises(ArtifactError):
            check_writable(place)
    assert "choose" in refused("/", spec, tensors, "")


def test_a_folder_that_permissions_close(tmp_path, spec, tensors):
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("permission bits do not hold this user back")
        with pytest.raises(ArtifactError, match="Permission denied"):
            check_writable(tmp_path / "model")
        with pytest.raises(ArtifactError, match="Permission denied"):
            save(tmp_path / "model", spec, tensors, "")
    finally:
        tmp_path.chmod(0o755)


def test_names_that_need_care(tmp_path, spec, tensors):
    names = ["zwei Wörter", "x" * 255, "a\nb", os.fsdecode(b"caf\xe9"), "-rf"]
    for name in names:
        save(tmp_path / name, spec, tensors, "")
        save(tmp_path / name, spec, tensors, "", overwrite=True)
        assert load(tmp_path / name)[0] == spec
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_links_are_followed(tmp_path, spec, tensors, make_tensors):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/model")
    save(tmp_path / "link", spec, tensors, "")
    save(tmp_path / "link", spec, make_tensors(spec, 4), "", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    equal(load(tmp_path / "real" / "model")[1], make_tensors(spec, 4))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ArtifactError, match="loop"):
        save(tmp_path / "loop", spec, tensors, "")


@pytest.mark.parametrize("name", ["a/b", "../a", ".a", "", "spec.json", "x" * 256, "\ud800", 3])
def test_names_of_extras(tmp_path, spec, tensors, name):
    with pytest.raises(ArtifactError, match="as the name of an extra file"):
        save(tmp_path / "model", spec, tensors, "", extras={name: b""})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("lstm.bias"), "the tensor lstm.bias is missing"),
        (lambda t: t.update(more=t["lstm.bias"]), "the tensor more is unknown, expected emb"),
        (
            lambda t: t.update({"dense.bias": np.zeros(2, np.float32)}),
            r"dense.bias has shape \(2,\), expected \(1,\)",
        ),
        (
            lambda t: t.update({"dense.bias": np.zeros(1)}),
            "dense.bias is float64, expected a float32",
        ),
        (lambda t: t.update({"dense.bias": [0.0]}), "dense.bias is list"),
        (lambda t: t.update({"dense.bias": np.float32([np.nan])}), "dense.bias holds NaN"),
        (lambda t: t.update({"dense.bias": np.float32([np.inf])}), "dense.bias holds NaN or inf"),
    ],
)
def test_tensors_that_do_not_fit(tmp_path, spec, tensors, change, expected):
    change(tensors)
    with pytest.raises(ArtifactError, match=expected):
        save(tmp_path / "model", spec, tensors, "")
    assert os.listdir(tmp_path) == []


def test_other_arguments(tmp_path, spec, tensors):
    with pytest.raises(ArtifactError, match="the card"):
        save(tmp_path / "model", spec, tensors, "\ud800")
    with pytest.raises(ArtifactError, match="got str for the extra file a"):
        save(tmp_path / "model", spec, tensors, "", extras={"a": "text"})
    with pytest.raises(ArtifactError, match="cannot be opened"):
        save("a\0b", spec, tensors, "")
