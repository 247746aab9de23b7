"""PyTorch's own modules, loaded by the program beside the file, give what the runtime gives."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from networks import KINDS, LOWER, TEXTS, made
from safetensors.torch import load_file

import bothways
from bothways import interop
from bothways.errors import ArgumentError, ArtifactError
from bothways.interop import _torch
from bothways.interop._torch_state import state_dict, tensors_of
from bothways.runtime import Model

WIDTH = 12


@pytest.fixture(autouse=True)
def one_thread():
    """PyTorch's threads wait for each other in a loop, for seconds where cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batch(model, texts, width=WIDTH):
    ids, _ = model.vectorizer.encode(texts)
    padded = torch.from_numpy(ids.to_padded(width)[0].astype(np.int64))
    return (padded, torch.from_numpy(ids.lengths)) if model.spec.network.mask else (padded,)


def loaded(spec, tensors, folder):
    """The names that the program beside the file defines."""
    files = _torch.encode(spec, tensors, "m.safetensors")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    names = {"__file__": str(folder / "m.py")}
    exec(compile(files["m.py"], "m.py", "exec"), names)
    return names


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("mask", [True, False])
def test_every_network(kind, mask, tmp_path):
    spec, tensors = made(kind, mask=mask, outputs=1 + 2 * (kind[3] % 2), temperature=1.3)
    model = Model(spec, tensors)
    probabilities = loaded(spec, tensors, tmp_path)["probabilities"]
    ours = model.predict_proba(TEXTS)
    given = batch(model, TEXTS)
    np.testing.assert_allclose(probabilities(*given), ours, rtol=0, atol=1e-6)
    empty = tuple(x[1:2] for x in given)
    np.testing.assert_allclose(probabilities(*empty), ours[1:2], rtol=0, atol=1e-6)
    without_a_place = (empty[0][:, :0], *empty[1:])
    np.testing.assert_allclose(probabilities(*without_a_place), ours[1:2], rtol=0, atol=1e-6)


@pytest.mark.parametrize("lower", LOWER, ids=str)
@pytest.mark.parametrize("mask", [True, False])
def test_layers_that_differ(lower, mask, tmp_path):
    spec, tensors = made(KINDS[len(lower) + 2], lower=lower, mask=mask)
    model = Model(spec, tensors)
    theirs = loaded(spec, tensors, tmp_path)["probabilities"](*batch(model, TEXTS))
    np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)


def test_a_maximum_that_is_at_least_zero_in_short_texts(tmp_path):
    spec, tensors = made((True, "concat", "max", 1), zero_under=4)
    model = Model(spec, tensors)
    theirs = loaded(spec, tensors, tmp_path)["probabilities"](*batch(model, TEXTS))
    np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)


def test_several_labels(tmp_path):
    spec, tensors = made(KINDS[10], outputs=3, multilabel=True)
    model = Model(spec, tensors)
    theirs = loaded(spec, tensors, tmp_path)["probabilities"](*batch(model, TEXTS))
    np.testing.assert_allclose(theirs, model.predict_proba(TEXTS), rtol=0, atol=1e-6)
    assert np.abs(theirs.numpy().sum(axis=1) - 1).max() > 0.1


def test_the_state_is_that_of_plain_modules():
    """Strictly loaded by the modules that PyTorch's own program would make, bit for bit."""
    spec, tensors = made((True, "concat", "last", 3))
    state = state_dict(spec.network, tensors)
    arrays = {name: torch.from_numpy(array) for name, array in state.items()}
    torch.nn.LSTM(5, 7, 3, bidirectional=True).load_state_dict(
        {k.removeprefix("lstm."): v for k, v in arrays.items() if k.startswith("lstm.")}
    )


@pytest.mark.parametrize("lower", [(), *LOWER], ids=str)
def test_there_and_back(lower):
    spec, tensors = made(KINDS[4], lower=lower)
    back = tensors_of(spec.network, state_dict(spec.network, tensors))
    assert back.keys() == tensors.keys()
    assert all((back[name] == tensors[name]).all() for name in back)


def test_the_program_runs_in_a_process_of_its_own(tiny_model, tmp_path):
    seen, paths = interop.export(tiny_model, tmp_path / "m.safetensors", to="torch")
    assert seen.largest_difference < 1e-6 and seen.texts == 100
    assert seen.answered_by == f"PyTorch {torch.__version__}"
    assert [path.rpartition("/")[2] for path in paths] == [
        *("m.safetensors", "m.py", "m.safetensors.json")
    ]
    code = (
        "import sys, torch; sys.path.insert(0, sys.argv[1])\n"
        "from m import probabilities\n"
        "print(probabilities(torch.tensor([[2, 5, 3], [4, 0, 0]]), torch.tensor([3, 1])).tolist())"
        "\nprint([m for m in sys.modules if m.startswith('bothways')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    theirs, ours = map(json.loads, done.stdout.splitlines())
    assert ours == []
    model = bothways.load(tiny_model)
    ids = bothways.Ragged.from_list([[2, 5, 3], [4]])
    np.testing.assert_allclose(theirs, model.network.probabilities(ids), rtol=0, atol=1e-6)
    assert set(load_file(tmp_path / "m.safetensors")) >= {"lstm.weight_ih_l0", "dense.bias"}


@pytest.mark.parametrize("name", ['a"""b\'.safetensors', "a\nb {x} %s \\.safetensors"])
def test_a_name_is_no_code(tiny_model, tmp_path, name):
    assert interop.export(tiny_model, tmp_path / name, to="torch")[0].texts == 100


def test_another_program_is_not_written(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr("bothways.interop._torch_program._MASKED", _swapped())
    with pytest.raises(ArtifactError, match=r"PyTorch .* differs from the model by"):
        interop.export(tiny_model, tmp_path / "m.safetensors", to="torch")
    with pytest.raises(ArgumentError, match=r"m\.pt: .* expected a name that ends in \.safetens"):
        interop.export(tiny_model, tmp_path / "m.pt", to="torch")
    assert list(tmp_path.iterdir()) == []


def _swapped():
    from bothways.interop._torch_program import _MASKED

    return _MASKED.replace("> 0", "> 2")
