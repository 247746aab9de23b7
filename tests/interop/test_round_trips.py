"""To ONNX, to PyTorch and back, on 1,000 texts, real ones where they are there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from networks import made
from safetensors.torch import load_file, save_file

from bothways import artifact, interop
from bothways.interop import _torch
from bothways.runtime import Model

MERGES = ("concat", "sum", "mul", "ave", None)


@pytest.fixture(autouse=True)
def one_thread():
    """PyTorch's threads wait for each other in a loop, for seconds where cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("merge", MERGES)
def test_every_merge_and_depth(read_texts, vocabulary, tmp_path, merge, layers):
    pooling = ("last", "mean", "max")[(layers + MERGES.index(merge)) % 3]
    kind = (merge is not None, merge or "concat", pooling, layers)
    spec, tensors = made(kind, vocabulary=("", "[UNK]", *vocabulary))
    assert np.ptp(Model(spec, tensors).predict_proba(read_texts)[:, 1]) > 0.02
    artifact.save(tmp_path / "m", spec, tensors, "card")
    for form, name in (("onnx", "m.onnx"), ("torch", "m.safetensors")):
        seen, _ = interop.export(tmp_path / "m", tmp_path / name, to=form, texts=read_texts)
        assert (seen.texts, seen.largest_difference < 1e-6) == (1_000, True)
    # As PyTorch itself writes it: weights alone, and both biases of use.
    state = load_file(tmp_path / "m.safetensors")
    generator = torch.Generator().manual_seed(layers)
    for bias in (name for name in state if "bias_hh" in name):
        state[bias].normal_(0, 0.3, generator=generator)
    save_file(state, tmp_path / "theirs.safetensors")
    (tmp_path / "words.txt").write_text("\n".join(vocabulary))
    seen, _ = interop.import_torch(
        *(tmp_path / "theirs.safetensors", tmp_path / "back"),
        vocabulary=tmp_path / "words.txt",
        pooling=pooling,
        merge=None if merge in (None, "concat") else merge,
        texts=read_texts,
    )
    assert (seen.texts, seen.largest_difference < 1e-6) == (1_000, True)
    interop.export(tmp_path / "back", tmp_path / "again.safetensors", to="torch")
    model = Model(*artifact.load(tmp_path / "back"))
    answers = []
    for name in ("theirs", "again"):
        script = (tmp_path / "m.py").read_bytes()
        files = {"m.py": script, "m.safetensors": (tmp_path / f"{name}.safetensors").read_bytes()}
        answers.append(_torch.answer(files, "m.safetensors", model, read_texts)[0])
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(answers[0], model.predict_proba(read_texts), rtol=0, atol=1e-6)
