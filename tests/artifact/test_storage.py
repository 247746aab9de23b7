"""Tensors in 8 bits: what comes back is near, small, and checked like any other."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from test_load_hostile import refused, seal_weights

from bothways.artifact import encode, load, rounded, save

numbers = st.floats(-(2.0**100), 2.0**100, width=32)
tensors_of_two_axes_or_more = arrays(
    np.float32, array_shapes(min_dims=2, max_dims=3, max_side=5), elements=numbers
)


@pytest.fixture
def small(make_spec):
    return make_spec(storage="int8")


@given(tensors_of_two_axes_or_more, st.sampled_from(["embedding.weight", "lstm.kernel"]))
def test_no_number_is_further_off_than_half_a_step(tensor, name):
    again = rounded({name: tensor}, "int8")[name]
    assert again.dtype == np.float32 and again.shape == tensor.shape
    axis = -1 if name == "embedding.weight" else -2
    largest = np.abs(tensor).max(axis, keepdims=True).astype(np.float64)
    # Half a step, the rounding of float32, and what is too small for it.
    step = largest / 127
    assert (np.abs(again - tensor.astype(np.float64)) <= step / 2 + largest * 2**-22 + 1e-43).all()


@given(tensors_of_two_axes_or_more)
def test_what_was_rounded_once_stays(tensor):
    """A compressed model can be compressed again: the same whole numbers, scales an ulp apart."""
    once = rounded({"embedding.weight": tensor}, "int8")
    twice = rounded(once, "int8")
    np.testing.assert_allclose(
        twice["embedding.weight"], once["embedding.weight"], rtol=2**-21, atol=1e-40
    )


def test_round_trip(tmp_path, small, make_tensors):
    tensors = make_tensors(small)
    save(tmp_path / "model", small, tensors, "")
    spec, again = load(tmp_path / "model")
    assert spec == small and spec.format_version == 3
    expected = rounded(tensors, "int8")
    assert again.keys() == expected.keys()
    for name in again:
        assert again[name].dtype == np.float32 and again[name].flags.writeable
        assert np.array_equal(again[name], expected[name])
    assert np.array_equal(again["lstm.bias"], tensors["lstm.bias"])
    stored = safetensors.numpy.load((tmp_path / "model" / "model.safetensors").read_bytes())
    assert {name: array.dtype.name for name, array in stored.items()} == {
        "embedding.weight": "int8",
        "embedding.weight.scale": "float32",
        "lstm.kernel": "int8",
        "lstm.kernel.scale": "float32",
        "lstm.recurrent_kernel": "int8",
        "lstm.recurrent_kernel.scale": "float32",
        "lstm.bias": "float32",
        "dense.kernel": "int8",
        "dense.kernel.scale": "float32",
        "dense.bias": "float32",
    }
    assert stored["embedding.weight.scale"].shape == (5, 1)
    assert stored["lstm.recurrent_kernel.scale"].shape == (2, 1, 8)


def test_encode_gives_the_bytes_that_save_writes(tmp_path, small, make_tensors):
    for spec in (small, replace(small, storage="f32")):
        folder = tmp_path / spec.storage
        files = encode(spec, make_tensors(spec), "card", {"history.jsonl": b"{}\n"})
        save(folder, spec, make_tensors(spec), "card", extras={"history.jsonl": b"{}\n"})
        assert files == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_stored_arrays_are_checked(tmp_path, small, make_tensors):
    model = tmp_path / "model"
    save(model, small, make_tensors(small), "")
    whole = safetensors.numpy.load((model / "model.safetensors").read_bytes())
    scale = "embedding.weight.scale"
    for change, expected in [
        ({"embedding.weight": whole["embedding.weight"].astype(np.float32)}, "expected an int8"),
        ({scale: whole[scale][:, 0]}, r"has shape (5,), expected (5, 1)"),
        ({scale: np.full((5, 1), np.nan, np.float32)}, f"{scale} holds NaN"),
        ({scale: np.full((5, 1), 1e38, np.float32)}, "embedding.weight holds NaN or infinity"),
        ({"lstm.bias.scale": whole[scale]}, "the tensor lstm.bias.scale is unknown"),
    ]:
        seal_weights(model, safetensors.numpy.save(whole | change))
        assert expected in refused(model)
    seal_weights(model, safetensors.numpy.save({k: v for k, v in whole.items() if k != scale}))
    assert f"the tensor {scale} is missing" in refused(model)
